"""ServiceNow: incidents (and other tasks) and their SLAs, as the Table API or an export writes them."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from orchestration.ingest.family import Family, each_of
from orchestration.ingest.reasons import Bad
from orchestration.ingest.values import instant
from orchestration.sources import connections, tables
from orchestration.sources.desks.config import DeskPlaces
from orchestration.sources.desks.finding import Record, Refused, minutes_of, unwrapped
from orchestration.sources.desks.parser import CLOCK, COMMON, DeskParser, desk_fields, page_layout

LAYOUT = page_layout({"result", "records"})
_STOPPED_STAGES = frozenset({"completed", "achieved"})

_READ = (
    "sys_id number state priority opened_at resolved_at closed_at sys_created_on sys_updated_on reopen_count"
    " correlation_id u_outcome_id u_use_case time_worked assignment_group task sla stage has_breached start_time"
    " end_time planned_end_time original_breach_time pause_duration business_pause_duration pause_time"
    " schedule sys_tags sla.name sla.target sla_name"
)


class ServiceNowParser(DeskParser):
    """Parser of ``servicenow.records``. Stored values are in UTC; a reference is its ``value``."""

    fields = desk_fields(COMMON + CLOCK)
    columns_read = frozenset(_READ.split())
    naive_is_utc = True

    def flatten(self, row: dict[str, Any]) -> dict[str, Any] | None:
        if "task" in row and ("planned_end_time" in row or "start_time" in row):
            return self._task_sla(row)
        if "sys_id" in row and ("opened_at" in row or "state" in row):
            return self._task(row)
        return None

    def _task(self, row: dict[str, Any]) -> dict[str, Any]:
        sys_id = unwrapped(row.get("sys_id"))
        return self.ticket(
            Record(self._places, [row], unwrapped(row.get("sys_tags"))),
            record_id=sys_id,
            ticket_id=sys_id,
            ticket_key=unwrapped(row.get("number")),
            opened_at=unwrapped(row.get("opened_at")) or unwrapped(row.get("sys_created_on")),
            updated_at=unwrapped(row.get("sys_updated_on")),
            closed_at=unwrapped(row.get("resolved_at")) or unwrapped(row.get("closed_at")),
            reopens=unwrapped(row.get("reopen_count")),
        )

    def _task_sla(self, row: dict[str, Any]) -> dict[str, Any]:
        """A clock from its times alone: the stored percentage and breach flag are of the last calculation, which may
        be days ago."""
        stage = str(unwrapped(row.get("stage")) or "").strip().lower().replace(" ", "_")
        stopped = unwrapped(row.get("end_time"))
        updated = unwrapped(row.get("sys_updated_on"))
        if not stopped and stage == "paused":
            # A paused clock stands still: it counts as stopped where it stands until it runs again.
            stopped = unwrapped(row.get("pause_time")) or updated
        elif not stopped and stage in _STOPPED_STAGES:
            stopped = updated
        due, paused = self._due(row)
        task = row.get("task")
        name = task.get("display_value") if type(task) is dict else None
        status = "cancelled" if stage in ("cancelled", "canceled") else "stopped" if stopped else "running"
        return {
            "record": "task_sla",
            "record_id": unwrapped(row.get("sys_id")),
            # An export shows the task's number where the API shows its id.
            "ticket_id": unwrapped(task),
            "ticket_key": name or unwrapped(task),
            "updated_at": updated,
            "metric": self._metric(row),
            "started_at": unwrapped(row.get("start_time")),
            "due_at": due,
            "stopped_at": stopped,
            "paused_seconds": paused,
            "clock_status": status,
        }

    def _metric(self, row: dict[str, Any]) -> str:
        sla = row.get("sla")
        names = [sla.get("display_value"), sla.get("name")] if type(sla) is dict else [sla]
        names += [row.get("sla.name"), row.get("sla.target"), row.get("sla_name")]
        text = " ".join(name for name in names if type(name) is str)
        return "response" if re.search(self._places.response_slas, text) else "resolution"

    def _due(self, row: dict[str, Any]) -> tuple[Any, int | None]:
        """Due time without pauses, and the whole seconds that the pauses have moved it. ServiceNow moves the planned
        end itself, by the schedule; where it stored no planned end, by the stored duration of the pauses."""
        original, planned = unwrapped(row.get("original_breach_time")), unwrapped(row.get("planned_end_time"))
        first, last = (instant(value, naive_is_utc=True) for value in (original, planned))
        for field, moment in (("original_breach_time", first), ("planned_end_time", last)):
            if isinstance(moment, Bad):
                raise Refused(moment, field, row.get(field))
        if first is not None and last is not None and last >= first:
            return original, (last - first) // timedelta(seconds=1)
        if last is not None:
            return planned, 0
        if first is None:
            return None, None
        field = "business_pause_duration" if unwrapped(row.get("schedule")) else "pause_duration"
        paused = minutes_of(row.get(field), "seconds")
        if isinstance(paused, Bad):
            raise Refused(paused, field, row.get(field))
        return original, None if paused is None else int(paused * 60)


SOURCE = Family(
    name="servicenow",
    description="ServiceNow incidents and task SLAs: JSON (pages or lines), CSV, Parquet",
    tables=(tables.SERVICENOW,),
    needed=each_of("sys_id"),
    make_parser=ServiceNowParser,
    fields=ServiceNowParser.fields,
    layout=LAYOUT,
    connected=connections.of_desk(tables.SERVICENOW, has_clocks=True),
    places=DeskPlaces(),
)
