"""Zendesk: tickets, ticket metrics, ticket metric events and SLA policies."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from orchestration.ingest.family import Family
from orchestration.ingest.privacy import to_json
from orchestration.ingest.reasons import BAD_NUMBER, Bad
from orchestration.ingest.values import instant
from orchestration.sources import connections, tables
from orchestration.sources.desks.config import ZendeskPlaces
from orchestration.sources.desks.finding import Record, Refused, minutes_of, object_in
from orchestration.sources.desks.parser import COMMON, DeskParser, desk_fields, page_layout

LAYOUT = page_layout(
    {"tickets", "ticket", "ticket_metrics", "ticket_metric", "metric_sets", "ticket_metric_events", "sla_policies",
     "sla_policy"}
)  # fmt: skip
_METRICS = ("full_resolution_time_in_minutes", "requester_wait_time_in_minutes", "on_hold_time_in_minutes")

_READ = (
    "id ticket_id external_id type priority status created_at updated_at generated_timestamp tags custom_fields"
    " group_id brand_id organization_id ticket_form_id solved_at reopens metric instance_id time deleted sla"
    " group_sla sla_policy_id target target_in_seconds business_hours sla_policy_updated_at index title"
    " policy_metrics metric_set"
)


class ZendeskParser(DeskParser):
    """Parser of ``zendesk.records``. Its API and its exports write all times in UTC."""

    fields = desk_fields(
        COMMON + " priority? metric_name instance_id:integer event_type target_minutes:minutes business_hours:boolean"
        " policy_id:id is_deleted:boolean"
    )
    json_columns = ("policy_metrics",)
    columns_read = frozenset(_READ.split()) | frozenset(_METRICS)
    naive_is_utc = True

    def flatten(self, row: dict[str, Any]) -> dict[str, Any] | None:
        if "policy_metrics" in row or ("sla_policy_id" in row and "metric" in row):
            return self._policy(row)
        if "metric" in row and "time" in row and "ticket_id" in row:
            return self._event(row)
        if "ticket_id" in row and ("solved_at" in row or any(name in row for name in _METRICS)):
            return self._metrics(row)
        if "id" in row and "status" in row and "created_at" in row and "ticket_id" not in row:
            return self._ticket(row)
        return None

    def _ticket(self, row: dict[str, Any]) -> dict[str, Any]:
        custom = row.get("custom_fields") or row.get("fields")
        beside = row.get("metric_set")
        worked = self._worked(beside) if type(beside) is dict else {}
        # Changes by Zendesk itself leave updated_at as it was; the moment of generation tells them apart.
        updated = [row.get("updated_at"), row.get("generated_timestamp")]
        moments = [instant(value, naive_is_utc=True) for value in updated]
        known = [moment for moment in moments if moment is not None and not isinstance(moment, Bad)]
        record = Record(self._places, [row], row.get("tags"), custom)
        return self.ticket(
            record,
            record_id=row.get("id"),
            ticket_id=row.get("id"),
            opened_at=row.get("created_at"),
            updated_at=max(known) if known else updated[0],
            priority=row.get("priority"),
            **worked,
        )

    def _metrics(self, row: dict[str, Any]) -> dict[str, Any]:
        return {
            "record": "ticket_metrics",
            "record_id": row.get("id") or row.get("ticket_id"),
            "ticket_id": row.get("ticket_id"),
            "updated_at": row.get("updated_at"),
            **self._worked(row),
        }

    def _worked(self, metrics: dict[str, Any]) -> dict[str, Any]:
        """Time of work, last solution and reopenings. Work of an agent is what Zendesk calls agent work time, the
        time in the statuses new and open: what the requester waited, less the time on hold. Times of the last
        solution would include waiting for the customer, and would not add up over reopenings."""
        minutes: Decimal | None = None
        if self._places.minutes_from_metrics == "full_resolution":
            minutes = self._minutes(metrics, "full_resolution_time_in_minutes")
        elif self._places.minutes_from_metrics == "agent_work":
            waited = self._minutes(metrics, "requester_wait_time_in_minutes")
            on_hold = self._minutes(metrics, "on_hold_time_in_minutes")
            if waited is not None:
                minutes = waited - (on_hold or 0)
        # In business hours the schedules of two metrics can differ, and with them the sign: then nothing is known.
        known = minutes is not None and minutes >= 0
        return {
            "handling_minutes": minutes if known else None,
            "closed_at": metrics.get("solved_at"),
            "reopens": metrics.get("reopens"),
        }

    def _minutes(self, metrics: dict[str, Any], name: str) -> Decimal | None:
        hours = self._places.minutes_in
        value = metrics.get(f"{name}.{hours}", metrics.get(f"{name}__{hours}"))
        if value is None:
            value = object_in(metrics, name).get(hours)
        minutes = minutes_of(value, "minutes")
        if isinstance(minutes, Bad):
            raise Refused(minutes, name, value)
        return minutes

    def _event(self, row: dict[str, Any]) -> dict[str, Any]:
        target = object_in(row, "group_sla" if row.get("type") == "apply_group_sla" else "sla")
        policy = object_in(target, "policy")
        return {
            "record": "metric_event",
            "record_id": row.get("id"),
            "ticket_id": row.get("ticket_id"),
            "updated_at": row.get("time"),
            "metric_name": row.get("metric"),
            "instance_id": row.get("instance_id"),
            "event_type": row.get("type"),
            "target_minutes": _target(target),
            "business_hours": target.get("business_hours"),
            "policy_id": policy.get("id"),
            "is_deleted": row.get("deleted") or False,
        }

    def _policy(self, row: dict[str, Any]) -> dict[str, Any]:
        metrics = row.get("policy_metrics")
        listed = [m for m in metrics if type(m) is dict] if type(metrics) is list else [row]
        kept = [
            {
                "metric": metric.get("metric"),
                "priority": metric.get("priority"),
                "target_minutes": _text(_target(metric)),
                "business_hours": str(metric.get("business_hours")).lower() == "true",
            }
            for metric in listed
        ]
        policy_id = row.get("sla_policy_id") or row.get("id")
        # A table of policies has one row for each metric and priority.
        parts = [policy_id] if listed[:1] != [row] else [policy_id, row.get("metric"), row.get("priority")]
        return {
            "record": "sla_policy",
            "record_id": policy_id and "/".join(str(part) for part in parts),
            "policy_id": policy_id,
            "updated_at": row.get("updated_at") or row.get("sla_policy_updated_at") or row.get("created_at"),
            "policy_metrics": to_json(kept),
        }


def _target(target: dict[str, Any]) -> Decimal | None:
    """Target in minutes: the finer field where it is there."""
    seconds, whole = target.get("target_in_seconds"), target.get("target")
    minutes = minutes_of(whole, "minutes") if seconds in (None, "") else minutes_of(seconds, "seconds")
    if isinstance(minutes, Bad):
        raise Refused(BAD_NUMBER, "target", whole if seconds in (None, "") else seconds)
    return minutes


def _text(minutes: Decimal | None) -> str | None:
    return None if minutes is None else format(minutes.quantize(Decimal("0.000001")), "f")


SOURCE = Family(
    name="zendesk",
    description="Zendesk tickets, ticket metrics, metric events and SLA policies: JSON (pages or lines), CSV, Parquet",
    tables=(tables.ZENDESK,),
    needed=(("id", "ticket_id", "sla_policy_id"),),
    make_parser=ZendeskParser,
    fields=ZendeskParser.fields,
    layout=LAYOUT,
    connected=connections.of_desk(tables.ZENDESK, has_clocks=False, more_keys=(connections.policy("policy_id"),)),
    places=ZendeskPlaces(),
)
