"""The landed tables of ``raw.duckdb``: columns and types in order."""

from __future__ import annotations

from dataclasses import dataclass

from orchestration.warehouse.tables import MONEY, TIME

MINUTES = "DECIMAL(18,6)"

LINEAGE: dict[str, str] = {
    "_source": "VARCHAR",
    "_file_sha256": "VARCHAR",
    "_line_no": "BIGINT",
    "_row_no": "BIGINT",
    "_row_hash": "VARCHAR",
    "_load_id": "BIGINT",
    "_rescued": "VARCHAR",
}
# JSON of what mapping rules may look at. It is part of a row's identity, or the row that came first would decide.
AS_TEXTS = "attributes"


def columns_of(text: str) -> dict[str, str]:
    """``name`` or ``name:TYPE`` separated by commas; VARCHAR when no type stands there."""
    types = {"": "VARCHAR", "n": "BIGINT", "t": TIME, "b": "BOOLEAN", "m": MONEY, "min": MINUTES}
    parsed = (item.strip().partition(":") for item in text.split(","))
    return {name: types[kind] for name, _, kind in parsed}


@dataclass(frozen=True)
class Table:
    """A landed table.

    Attributes:
        columns: own columns (after the lineage ones and ``_is_current``) and their DuckDB types.
        key: columns that, with ``_source``, identify what a row describes.
        event_time: column of the moment that decides which days a row touches.
        rank: SQL expressions; of two different rows with one key the greater tuple wins. ``_row_hash`` is the last,
            so that the order of arrival never matters.
        has_current: the table marks the winner in ``_is_current``; otherwise the winner is chosen in dbt, because
            it depends on the as-of time.
        is_statement: rows have no identity of their own; which of them count follows from the deliveries that they
            came in, key by key (see ``deliveries``).
        line: of a statement's table, columns that tell the lines under a key apart; empty where nothing does.
    """

    schema: str
    name: str
    columns: dict[str, str]
    key: tuple[str, ...]
    event_time: str
    rank: tuple[str, ...]
    has_current: bool = False
    is_statement: bool = False
    line: tuple[str, ...] = ()

    @property
    def full_name(self) -> str:
        return f"{self.schema}.{self.name}"

    @property
    def all_columns(self) -> dict[str, str]:
        """Every column in table order."""
        current = {"_is_current": "BOOLEAN"} if self.has_current else {}
        return {**LINEAGE, **current, **self.columns}
