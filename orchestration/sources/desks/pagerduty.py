"""PagerDuty: incidents, as evidence of how long an outcome was held up, and as rework where that is declared."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from orchestration.ingest.family import Family, each_of
from orchestration.ingest.reasons import Bad
from orchestration.ingest.values import instant
from orchestration.sources import connections, tables
from orchestration.sources.desks.config import PagerDutyPlaces, plain_word
from orchestration.sources.desks.finding import Record
from orchestration.sources.desks.parser import CLOCK, COMMON, DeskParser, desk_fields, page_layout

LAYOUT = page_layout({"incidents", "incident", "data"})

_READ = (
    "id incident_number status urgency priority priority_name created_at updated_at resolved_at"
    " last_status_change_at incident_key service service_id custom_fields engaged_seconds"
)


class PagerDutyParser(DeskParser):
    """Parser of ``pagerduty.records``: incidents of the REST API, and of its analytics."""

    fields = desk_fields(COMMON + CLOCK)
    columns_read = frozenset(_READ.split())

    def flatten(self, row: dict[str, Any]) -> dict[str, Any] | None:
        if "id" not in row or "created_at" not in row or not ("urgency" in row or "status" in row):
            return None
        record = Record(self._places, [row], row.get("tags"), row.get("custom_fields"))
        created, resolved = row.get("created_at"), row.get("resolved_at")
        if not resolved and row.get("status") == "resolved":
            resolved = row.get("last_status_change_at") or row.get("updated_at")
        minutes = self._target(record)
        opened = instant(created)
        has_clock = minutes is not None and opened is not None and not isinstance(opened, Bad)
        flat = self.ticket(
            record,
            record_id=row.get("id"),
            ticket_id=row.get("id"),
            opened_at=created,
            updated_at=row.get("updated_at") or row.get("last_status_change_at") or resolved or created,
            closed_at=resolved,
        )
        # Analytics have no status.
        if row.get("status") is None:
            flat["status"], flat["closed_at"] = ("closed", resolved) if resolved else ("open", None)
        if has_clock:
            flat |= {
                "metric": "resolution",
                "started_at": created,
                "due_at": opened + timedelta(minutes=minutes),
                "stopped_at": resolved,
                "paused_seconds": 0,
                "clock_status": "stopped" if resolved else "running",
            }
        return flat

    def _target(self, record: Record) -> float | None:
        """Minutes to resolution declared for the incident's priority or urgency."""
        declared = {plain_word(word): minutes for word, minutes in self._places.target_minutes.items()}
        word = record.first("target")
        return declared.get(plain_word(word), declared.get("*")) if word else declared.get("*")


SOURCE = Family(
    name="pagerduty",
    description="PagerDuty incidents of the REST API or of analytics: JSON (pages or lines), CSV, Parquet",
    tables=(tables.PAGERDUTY,),
    needed=each_of("id", "created_at"),
    make_parser=PagerDutyParser,
    fields=PagerDutyParser.fields,
    layout=LAYOUT,
    connected=connections.of_desk(tables.PAGERDUTY, has_clocks=True),
    places=PagerDutyPlaces(),
)
