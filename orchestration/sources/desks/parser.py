"""From records of a desk to typed rows: what the four desks have in common."""

from __future__ import annotations

from typing import Any, ClassVar

import pyarrow as pa
import pyarrow.compute as pc

from orchestration.ingest.batches import Batch, Objects
from orchestration.ingest.fields import fields
from orchestration.ingest.frames import Field, Frame, ParseContext, Problems, typed_column
from orchestration.ingest.layouts import Layout
from orchestration.ingest.reasons import BAD_TIME, MISSING_FIELD, MISSING_ID, UNKNOWN_SHAPE
from orchestration.sources.desks.config import ALLOWED, DeskPlaces
from orchestration.sources.desks.finding import Record, Refused

# One shape for all desks: a record is a ticket, something that belongs to one (a clock, hours of work, an event), or
# a policy. Columns that a kind of record does not have are null.
COMMON = (
    "record! record_id:id! ticket_id:id ticket_key:id outcome_ids:ids use_case? is_in_scope:boolean is_rework:boolean"
    " opened_at:time closed_at:time updated_at:time! severity:word kind:word cause:word? handling_minutes:minutes role"
    " status:word reopens:integer?"
)
CLOCK = " metric:word started_at:time due_at:due stopped_at:time paused_seconds:integer clock_status:word"
_WORDS: dict[str, frozenset[str]] = {
    **{name: ALLOWED[name] for name in ("severity", "kind", "cause", "status")},
    "metric": frozenset({"response", "resolution"}),
    "clock_status": frozenset({"running", "stopped", "cancelled"}),
}
TICKET_NEEDS = ("ticket_id", "opened_at", "severity", "kind", "status")


def desk_fields(text: str) -> tuple[Field, ...]:
    """Fields of a desk's table; see ``native.fields``."""
    return fields(text, **_WORDS)


def page_layout(pages: set[str]) -> Layout:
    """Where a desk's records lie: ``pages`` are the names under which its API holds them."""
    return Layout(marks=frozenset({"id", "sys_id"}), pages=frozenset(pages), shared=("issueId", "issueKey"))


class DeskParser:
    """Parser of one desk's records. See ``frames.Parser``.

    A desk says how its records are told apart and flattened. Subjects, descriptions, comments, people and unknown
    fields are never kept: desks hold customers' words under any name, so there is nothing to rescue.
    """

    fields: ClassVar[tuple[Field, ...]]
    # JSON text written by the parser itself.
    json_columns: ClassVar[tuple[str, ...]] = ()
    columns_read: ClassVar[frozenset[str]]
    naive_is_utc: ClassVar[bool] = False

    def __init__(self, context: ParseContext) -> None:
        self._context = context
        self._places: DeskPlaces = context.places
        self._read = self.columns_read | self._places.first_names()

    def wants(self, name: str) -> bool:
        # A file read by column has `status.name` as a name of its own.
        return name in self._read or name.partition(".")[0] in self._read

    def flatten(self, row: dict[str, Any]) -> dict[str, Any] | None:
        """The row's fields by name, or None when it is no record of this desk.

        Raises:
            Refused: a value of it cannot be used.
        """
        raise NotImplementedError

    def parse(self, batch: Batch, *, lenient_numbers: bool) -> Frame:
        problems = Problems()
        flat_rows: list[dict[str, Any]] = []
        for place, row in enumerate(batch.values.objects()):
            flat: dict[str, Any] | None = {}
            try:
                flat = self.flatten(row)
                if flat is None:
                    problems.add(place, UNKNOWN_SHAPE, "record")
            except Refused as refused:
                problems.add(place, refused.reason, refused.field, refused.value)
            flat_rows.append(flat or {})
        rows = Objects(flat_rows)
        columns: dict[str, pa.Array] = {
            field.name: typed_column(
                field,
                rows.column(field.name),
                problems,
                latest=self._context.latest,
                lenient=lenient_numbers,
                naive_is_utc=self.naive_is_utc,
            )
            for field in self.fields
        }
        self._check(columns, problems)
        for name in self.json_columns:
            columns[name] = pa.array(rows.column(name), pa.string())
        columns["_rescued"] = pa.nulls(len(batch.values), pa.string())
        return problems.split(columns, batch, self._context.hasher)

    def _check(self, columns: dict[str, pa.Array], problems: Problems) -> None:
        is_ticket = pc.equal(columns["record"], "ticket")
        for name in TICKET_NEEDS:
            reason = MISSING_ID if name == "ticket_id" else MISSING_FIELD
            problems.add_where(pc.and_(is_ticket, columns[name].is_null()), reason, name)
        problems.add_where(pc.less(columns["closed_at"], columns["opened_at"]), BAD_TIME, "closed_at")
        if "started_at" in columns:
            problems.add_where(pc.less(columns["stopped_at"], columns["started_at"]), BAD_TIME, "stopped_at")

    def ticket(self, record: Record, **own: Any) -> dict[str, Any]:
        """Fields of a ticket that the places find; ``own`` are those that the desk has in one place."""
        outcome_ids, use_case = record.outcome_ids(), record.label("use_case")
        in_scope = record.is_in_scope()
        status = record.word("status")
        is_linked = outcome_ids is not None or use_case is not None
        minutes = record.handling_minutes()
        return {
            "record": "ticket",
            "outcome_ids": outcome_ids,
            "use_case": use_case,
            "is_in_scope": in_scope,
            "is_rework": in_scope and is_linked and self._places.tickets_are_rework,
            "severity": record.word("severity"),
            "kind": record.word("kind"),
            "cause": record.label("cause"),
            "role": record.word("role"),
            "status": status,
            **own,
            "handling_minutes": own.get("handling_minutes") if minutes is None else minutes,
            # The time of the last solution stays on a ticket that was opened again.
            "closed_at": own.get("closed_at") if status == "closed" else None,
        }
