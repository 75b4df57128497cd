"""Jira: issues with their history, worklogs, and the SLA cycles of Jira Service Management; issues of a CSV export."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from typing import Any

from orchestration.ingest.family import Family, each_of
from orchestration.ingest.frames import ParseContext
from orchestration.ingest.privacy import to_json
from orchestration.ingest.reasons import BAD_NUMBER, FUTURE_TIME, MISSING_FIELD, MISSING_ID, UNDECLARED_TIMES, Bad
from orchestration.ingest.values import instant, integer
from orchestration.sources import connections, tables
from orchestration.sources.desks import jira_export
from orchestration.sources.desks.config import JiraPlaces, plain_word
from orchestration.sources.desks.finding import Record, Refused, list_in, minutes_of, moment_us, object_in, required
from orchestration.sources.desks.parser import COMMON, DeskParser, desk_fields, page_layout

LAYOUT = page_layout({"issues", "worklogs", "values"})


class JiraParser(DeskParser):
    """Parser of ``jira.records``."""

    fields = desk_fields(COMMON)
    json_columns = ("worklogs", "sla_cycles")
    columns_read = frozenset()

    def __init__(self, context: ParseContext) -> None:
        super().__init__(context)
        self._read = jira_export.columns_read(context.places)
        self._times = context.places.csv.get(context.source)

    def flatten(self, row: dict[str, Any]) -> dict[str, Any] | None:
        if type(row.get("fields")) is dict and ("key" in row or "id" in row):
            return self._issue(row, row["fields"])
        if "timeSpentSeconds" in row and "issueId" in row:
            return self._worklog(row)
        if _is_sla(row):
            return self._sla(row)
        if jira_export.is_exported(row):
            return self._exported(row)
        return None

    def _issue(self, row: dict[str, Any], fields: dict[str, Any]) -> dict[str, Any]:
        record = Record(self._places, [fields, row], fields.get("labels"))
        slas = [cycle for value in fields.values() if _is_sla(value) for cycle in self._cycles(value)]
        worklogs = [self._spent(log) for log in list_in(object_in(fields, "worklog"), "worklogs")]
        return self.ticket(
            record,
            record_id=row.get("id"),
            ticket_id=row.get("id"),
            ticket_key=row.get("key"),
            opened_at=fields.get("created"),
            updated_at=fields.get("updated"),
            closed_at=fields.get("resolutiondate"),
            # The issue's own time only: subtasks are issues of their own.
            handling_minutes=_minutes(fields.get("timespent"), "timespent"),
            reopens=self._reopens(row),
            worklogs=to_json(worklogs) if worklogs else None,
            sla_cycles=to_json(slas) if slas else None,
        )

    def _exported(self, row: dict[str, Any]) -> dict[str, Any]:
        """An issue of a CSV export. It has no history, so how often it was opened again is not known. Its worklogs have
        no ids, so they are no records of their own: they are summed in each state of the issue."""
        members = jira_export.members_of(row, self._places)
        record = Record(self._places, [members, row], row.get("Labels"), jira_export.custom_fields(row))
        minutes = _minutes(row.get("Time Spent"), "Time Spent")
        if minutes is None:
            try:
                minutes = _minutes(jira_export.seconds_logged(row.get("Log Work")), "Log Work")
            except ValueError:
                raise Refused(BAD_NUMBER, "Log Work", row["Log Work"]) from None
        return self.ticket(
            record,
            record_id=row["Issue id"],
            ticket_id=row["Issue id"],
            ticket_key=row["Issue key"],
            opened_at=required(self._local(row, "Created"), "Created", MISSING_FIELD),
            updated_at=required(self._local(row, "Updated"), "Updated", MISSING_FIELD),
            closed_at=self._local(row, "Resolved"),
            handling_minutes=minutes,
        )

    def _local(self, row: dict[str, Any], column: str) -> datetime | None:
        """A time of a CSV export: as declared for its landing folder, or with an offset of its own."""
        text = row.get(column)
        if text is None or text.isspace():
            return None
        moment = UNDECLARED_TIMES if self._times is None else self._times.moment(text)
        if isinstance(moment, Bad):
            # A bare number may be a date whose parts are not separated, so it is not tried as seconds since 1970.
            own = instant(text, latest=self._context.latest) if ":" in text else moment
        else:
            own = instant(moment, latest=self._context.latest)
        if isinstance(own, Bad):
            raise Refused(moment if isinstance(moment, Bad) and own != FUTURE_TIME else own, column, text)
        return own

    def _reopens(self, row: dict[str, Any]) -> int | None:
        """How often the status went from a done one to another; None where the export has no history."""
        if type(row.get("changelog")) is not dict:
            return None
        done = set(map(plain_word, self._places.done_statuses))
        changes = (item for history in list_in(row["changelog"], "histories") for item in list_in(history, "items"))
        return sum(
            plain_word(str(item.get("fromString"))) in done and plain_word(str(item.get("toString"))) not in done
            for item in changes
            if item.get("field") == "status"
        )

    def _worklog(self, row: dict[str, Any]) -> dict[str, Any]:
        return {
            "record": "worklog",
            "record_id": row.get("id"),
            "ticket_id": row.get("issueId"),
            "updated_at": row.get("updated") or row.get("created"),
            "worklogs": to_json([self._spent(row)]),
        }

    def _spent(self, log: dict[str, Any]) -> dict[str, Any]:
        minutes = required(_minutes(log.get("timeSpentSeconds"), "timeSpentSeconds"), "timeSpentSeconds")
        return {
            "id": str(required(log.get("id"), "worklog.id", MISSING_ID)),
            "minutes": format(minutes.quantize(Decimal("0.000001")), "f"),
            "updated_us": required(
                moment_us(log.get("updated") or log.get("created"), "worklog.updated", latest=self._context.latest),
                "worklog.updated",
            ),
        }

    def _sla(self, row: dict[str, Any]) -> dict[str, Any]:
        cycles = self._cycles(row)
        # Jira states no time for the state of an SLA: the latest moment that it mentions is the earliest it can be of.
        known = [cycle[name] for cycle in cycles for name in ("started_us", "stopped_us", "seen_us") if cycle.get(name)]
        issue = row.get("issueId") or row.get("issueKey")
        return {
            "record": "sla",
            "record_id": None if issue is None else f"{issue}/{row.get('id')}",
            "ticket_id": row.get("issueId"),
            "ticket_key": row.get("issueKey"),
            "updated_at": max(known) if known else None,
            "sla_cycles": to_json(cycles),
        }

    def _cycles(self, sla: dict[str, Any]) -> list[dict[str, Any]]:
        """Cycles of an SLA, each with an id that stays while it runs and when it is completed."""
        sla_id = str(sla.get("id") or sla.get("name") or "")
        metric = "response" if re.search(self._places.response_slas, str(sla.get("name"))) else "resolution"
        found = [(cycle, False) for cycle in list_in(sla, "completedCycles")]
        if type(sla.get("ongoingCycle")) is dict:
            found.append((sla["ongoingCycle"], True))
        cycles = []
        for cycle, is_ongoing in found:
            started = required(self._date(cycle, "startTime"), "startTime")
            elapsed = _millis(cycle, "elapsedTime")
            due = self._date(cycle, "breachTime", may_come=True)
            stopped = None if is_ongoing else required(self._date(cycle, "stopTime"), "stopTime")
            if is_ongoing and cycle.get("paused") is True:
                # A paused clock stands still: it counts as stopped where it stands until it runs again.
                stopped = started + (elapsed or 0) * 1000
            if due is None and stopped is not None and _millis(cycle, "goalDuration") is not None:
                # Without a time of breach only the elapsed time is known, in the calendar of the SLA.
                over = (elapsed or 0) - (_millis(cycle, "goalDuration") or 0)
                due = stopped - over * 1000
            cycles.append(
                {
                    "event_id": f"{sla_id}/{started}",
                    "metric": metric,
                    "started_us": started,
                    "due_us": due,
                    "stopped_us": stopped,
                    "seen_us": started + (elapsed or 0) * 1000 if is_ongoing else None,
                }
            )
        return cycles

    def _date(self, cycle: dict[str, Any], name: str, *, may_come: bool = False) -> int | None:
        date = cycle.get(name)
        if type(date) is dict:
            date = date.get("epochMillis") or date.get("iso8601") or date.get("jira")
        return moment_us(date, name, latest=None if may_come else self._context.latest)


def _is_sla(value: Any) -> bool:
    return type(value) is dict and (type(value.get("completedCycles")) is list or "ongoingCycle" in value)


def _millis(cycle: dict[str, Any], name: str) -> int | None:
    duration = cycle.get(name)
    millis = duration.get("millis") if type(duration) is dict else duration
    count = None if millis is None else integer(abs(millis) // 1000) if type(millis) is int else None
    return None if count is None or isinstance(count, Bad) else millis


def _minutes(seconds: Any, field: str) -> Decimal | None:
    minutes = minutes_of(seconds, "seconds")
    if isinstance(minutes, Bad):
        raise Refused(minutes, field, seconds)
    return minutes


SOURCE = Family(
    name="jira",
    description="Jira issues with history, worklogs, and SLA cycles of Jira Service Management: JSON (pages or lines)"
    " as the REST API returns it; or issues of the CSV export, which has neither history nor cycles, once sources.yml"
    " says how its times are written",
    tables=(tables.JIRA,),
    needed=each_of(*jira_export.NEEDED),
    make_parser=JiraParser,
    fields=JiraParser.fields,
    formats=("json", "csv"),
    layout=LAYOUT,
    named_once=jira_export.NAMED_ONCE,
    connected=connections.of_desk(
        tables.JIRA,
        has_clocks=False,
        inner_instants="list_transform(from_json(sla_cycles, '[\"JSON\"]'),"
        " lambda cycle: make_timestamptz(CAST(cycle->>'started_us' AS BIGINT)))",
    ),
    places=JiraPlaces(),
)
