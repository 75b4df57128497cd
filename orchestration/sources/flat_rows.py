"""From rows of gateways, flattened one by one, to frames: the steps that all their parsers share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from orchestration.ingest.batches import Batch, Objects
from orchestration.ingest.frames import UTC_TIME, Field, Frame, ParseContext, Problems, typed_column
from orchestration.ingest.paths import BadRow, Place, first_placed, opened
from orchestration.ingest.reasons import INCONSISTENT_TOKENS
from orchestration.ingest.tables import Table
from orchestration.sources.native import rescue
from orchestration.sources.places import PLACED_FIELDS, GatewayPlaces
from orchestration.sources.units import unit_arrays

# Fields that every gateway's table ends with; ``places.yml`` says where they stand.
PLACED = (
    " outcome_id:id? use_case? task_class:word? release_id? experiment? can_wait:boolean? input_valid:boolean?"
    " prompt_hash?"
)
Check = Callable[[dict[str, pa.Array], Problems], None]


class PlacedFields:
    """Finds outcome, use case and the like in the rows of a gateway."""

    def __init__(self, context: ParseContext, places: GatewayPlaces) -> None:
        self._hasher = context.hasher
        self._places = {field: [Place.parse(place, field) for place in places.of(field)] for field in PLACED_FIELDS}

    def find(self, row: dict[str, Any], tags: list[str], body: Any = None) -> dict[str, Any]:
        """All placed fields of a row; a prompt hash that is not given is computed from the body, JSON text or not."""
        found = {field: first_placed(row, tags, places) for field, places in self._places.items()}
        if found["prompt_hash"] is None:
            found["prompt_hash"] = self._hasher.of_prompt(opened(body))
        return found


def flattened(
    rows: list[dict[str, Any]], flatten: Callable[[dict[str, Any]], dict[str, Any]], problems: Problems
) -> list[dict[str, Any]]:
    """Each row flattened; an empty one, with its problem noted, where that is not possible."""
    flat_rows = []
    for place, row in enumerate(rows):
        try:
            flat_rows.append(flatten(row))
        except BadRow as bad:
            problems.add(place, bad.reason, bad.field, bad.value)
            flat_rows.append({})
    return flat_rows


def frame_of(
    batch: Batch,
    flat_rows: list[dict[str, Any]],
    fields: tuple[Field, ...],
    problems: Problems,
    context: ParseContext,
    *,
    known: frozenset[str],
    check: Check,
    lenient: bool,
    table: Table | None = None,
) -> Frame:
    """The frame of rows that were flattened: typed, checked, with unknown fields rescued.

    Args:
        known: names that the source itself writes; others are a company's own and are rescued.
        check: looks for contradictions between columns, and may replace columns.
    """
    rows = Objects(flat_rows)
    columns: dict[str, pa.Array] = {
        field.name: typed_column(
            field,
            rows.column(field.name),
            problems,
            latest=context.latest,
            lenient=lenient,
            # These gateways keep their times in UTC, and some export them without an offset.
            naive_is_utc=True,
        )
        for field in fields
    }
    columns |= unit_arrays(flat_rows)
    check(columns, problems)
    columns["attributes"] = pa.array(rows.column("attributes"), pa.string())
    columns["_rescued"], _ = rescue(batch.values, set(known))
    frame = problems.split(columns, batch, context.hasher)
    frame.table = table
    return frame


def set_end(columns: dict[str, pa.Array]) -> None:
    """Put ``latency_ms`` into ``ended_at`` where no end is given. An end before the start is no end: it is unknown."""
    started = columns["started_at"]
    ended = columns["ended_at"]
    if "latency_ms" in columns:
        latency = columns.pop("latency_ms")
        ended = pc.coalesce(ended, pc.add(started.cast(pa.int64()), latency).cast(UTC_TIME))
    is_before = pc.fill_null(pc.less(ended, started), False)
    columns["ended_at"] = pc.if_else(is_before, pa.scalar(None, UTC_TIME), ended)


def check_within(columns: dict[str, pa.Array], problems: Problems, parts: tuple[str, ...], whole: str) -> None:
    """Parts of a count must not exceed it: what is left after taking them away is priced."""
    total = pc.fill_null(columns[parts[0]], 0)
    for part in parts[1:]:
        total = pc.add(total, pc.fill_null(columns[part], 0))
    problems.add_where(pc.greater(total, pc.fill_null(columns[whole], 0)), INCONSISTENT_TOKENS, whole)
