"""Which time a change of reference data touches, so that only its days are built again."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Literal

import duckdb
import pyarrow as pa

from orchestration.reference.intervals import FOREVER, Range, symmetric_difference, union
from orchestration.reference.prepare import PreparedReference, ReferenceRow
from orchestration.reference.specs import PRICE_SEEDS
from orchestration.reference.values import parse_instant
from orchestration.settings import project_vars

# A changed row of these has no dates, or no time to which its effect is bound: every fact may change.
EVERYWHERE = frozenset({"meters", "models", "model_aliases", "provider_aliases", "use_case_rules"})
# A changed row of these changes facts of the time for which it holds.
DATED = frozenset(
    {
        *("use_cases", "model_prices", "second_prices", "price_overrides", "price_modifiers", "capacity"),
        *("search_allowances", "role_rates", "delay_rates", "fx_rates", "experiments"),
    }
)
# Names that count as known at any time, whenever their rows hold: of a use case that is declared, of a model that has a
# price and of a region that has prices of its own, also older rows are no longer of an unknown one.
_PRICED_NAMES = ("provider", "model", "region")
NAMES = {
    "use_cases": ("use_case",),
    **dict.fromkeys(PRICE_SEEDS, _PRICED_NAMES),
}
# All others (owners, budgets, cost_slos, releases, lever_assumptions) are joined to finished facts; no day
# is built again.

TouchedRange = tuple[datetime, datetime | None]


def changed_ranges(
    con: duckdb.DuckDBPyConnection, prepared: PreparedReference, last_as_of: datetime | None = None
) -> Literal["all"] | list[TouchedRange] | None:
    """What must be built again because reference data differ from those of the last publish.

    Args:
        last_as_of: instant that the last finished run was as of.

    Returns:
        None if nothing changed that facts depend on; ``"all"`` if everything must be built again (a row without dates
        changed, a name became known or unknown, or nothing was published yet); else disjoint half-open ranges in order,
        with None for an open end. A range is about the instant at which the row is looked up: the start of an attempt,
        the time of a ticket's work, the due time of a clock, the beginning of an outcome's day.
    """
    published = [ReferenceRow(*row) for row in con.execute(_SELECT).fetchall()]
    if not published:
        return "all"
    # A correction that was not known yet when the last build was published had no part in it.
    published = [row for row in published if not _is_known_after(row, last_as_of)]
    before, after = _by_seed(published), _by_seed(prepared.rows)
    if any({row.row_hash for row in before[s]} != {row.row_hash for row in after[s]} for s in EVERYWHERE):
        return "all"
    if _names(before) != _names(after):
        return "all"
    touched = union(found for seed in sorted(DATED) for found in _touched(before[seed], after[seed]))
    return [(start, None if end == FOREVER else end) for start, end in touched] or None


_SELECT = "select seed, row_text, row_hash, valid_from, valid_to from ledger.reference_rows"


def _known_from(row: ReferenceRow) -> str:
    return json.loads(row.row_text).get("known_from", "") if row.seed in PRICE_SEEDS else ""


def _is_known_after(row: ReferenceRow, instant: datetime | None) -> bool:
    known_from = _known_from(row)
    if not known_from or instant is None:
        return False
    return parse_instant(known_from, project_vars().reporting_time_zone) > instant


def _by_seed(rows: Iterable[ReferenceRow]) -> dict[str, list[ReferenceRow]]:
    found: dict[str, list[ReferenceRow]] = defaultdict(list)
    for row in rows:
        found[row.seed].append(row)
    return found


def _names(rows: dict[str, list[ReferenceRow]]) -> set[tuple[str, ...]]:
    """Declared use cases and priced models; an override for any model names none."""
    found = {
        tuple(values[column] for column in columns)
        for seed, columns in NAMES.items()
        for values in (json.loads(row.row_text) for row in rows[seed])
    }
    return {name for name in found if all(name)}


def _touched(before: list[ReferenceRow], after: list[ReferenceRow]) -> list[Range]:
    """Instants at which the two sets of rows say different things.

    Rows that differ only in their dates say the same while both hold: closing a price today and opening another leaves
    the past alone.
    """
    same = {row.row_hash for row in before} & {row.row_hash for row in after}
    sides: dict[str, tuple[list[Range], list[Range]]] = defaultdict(lambda: ([], []))
    for side, rows in enumerate((before, after)):
        for row in rows:
            if row.row_hash not in same:
                assert row.valid_from is not None
                sides[_says(row)][side].append((row.valid_from, row.valid_to or FOREVER))
    return [found for left, right in sides.values() for found in symmetric_difference(left, right)]


def _says(row: ReferenceRow) -> str:
    values = json.loads(row.row_text)
    # Where a price came from does not change what it is.
    return json.dumps(
        {name: value for name, value in values.items() if name not in ("valid_from", "valid_to", "source")}
    )


def save_reference_rows(con: duckdb.DuckDBPyConnection, prepared: PreparedReference) -> None:
    """Replace `ledger.reference_rows` by what was just published, within the caller's transaction if there is one."""
    instant = pa.timestamp("us", tz="UTC")
    columns = {
        "seed": pa.array([row.seed for row in prepared.rows], pa.string()),
        "row_hash": pa.array([row.row_hash for row in prepared.rows], pa.string()),
        "valid_from": pa.array([row.valid_from for row in prepared.rows], instant),
        "valid_to": pa.array([row.valid_to for row in prepared.rows], instant),
        "row_text": pa.array([row.row_text for row in prepared.rows], pa.string()),
    }
    con.execute("delete from ledger.reference_rows")
    con.register("prepared_reference_rows", pa.table(columns))
    try:
        con.execute(
            "insert into ledger.reference_rows (seed, row_hash, valid_from, valid_to, row_text) "
            "select seed, row_hash, valid_from, valid_to, row_text from prepared_reference_rows"
        )
    finally:
        con.unregister("prepared_reference_rows")
