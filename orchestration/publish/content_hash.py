"""What a published build says, as one number: equal for equal content, however and in whatever order it was built."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Any

import duckdb

from orchestration.warehouse.database import quote_name, quote_text
from orchestration.warehouse.marts import DAILY_MARTS, rows_by_day

# They tell of runs and deliveries, not of the company.
EXCLUDED_MARTS = frozenset({"load_files", "quarantined_rows", "publishes", "restatements", "budget_alerts"})
EXCLUDED_COLUMNS = frozenset(
    {
        "publish_id", "run_id", "loaded_at", "published_at", "first_seen_at",
        "load_id", "file_sha256", "file_name", "file_row_no", "line_no", "row_no",
        "_load_id", "_file_sha256", "_line_no", "_row_no",
    }
)  # fmt: skip


# The types whose values DuckDB's hash() tells apart. All others are hashed as text: to it an empty list, a null and a
# list of one null are the same.
_PLAIN_TYPES = re.compile(
    r"BOOLEAN|U?(TINY|SMALL|BIG)INT|U?INTEGER|FLOAT|DOUBLE|VARCHAR|BLOB|DATE|TIME|TIMESTAMP( WITH TIME ZONE)?"
    r"|DECIMAL\(.*\)|U?HUGEINT"
)
# Of a number of 128 bits it mixes both halves alike, so that 0 and the negative number next to it are the same; their
# signs are not.
_WIDE_NUMBERS = re.compile(r"U?HUGEINT|DECIMAL\((19|[23]\d),.*\)")
# Another version may hash otherwise; then nothing that was hashed before can be compared.
_HASH = f"hash of duckdb {duckdb.__version__}"

# Names and types.
Columns = list[tuple[str, str]]


@dataclass(frozen=True)
class PartHash:
    """A multiset of rows: how many, and two sums of row hashes that no order changes."""

    rows: int
    low: int
    high: int

    def to_json(self) -> list[Any]:
        return [self.rows, str(self.low), str(self.high)]

    @classmethod
    def from_json(cls, value: list[Any]) -> PartHash:
        return cls(int(value[0]), int(value[1]), int(value[2]))


@dataclass(frozen=True)
class MartHash:
    """One mart: its columns as hashed, and its rows in parts (one part a day for the daily marts)."""

    columns: str
    parts: dict[str, PartHash] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        return sum(part.rows for part in self.parts.values())

    @property
    def digest(self) -> str:
        """Hex digest; the split into parts does not enter it."""
        low = sum(part.low for part in self.parts.values())
        high = sum(part.high for part in self.parts.values())
        return hashlib.sha256(f"{self.columns}\n{self.rows}\n{low}\n{high}".encode()).hexdigest()

    def to_json(self) -> dict[str, Any]:
        parts = {name: part.to_json() for name, part in sorted(self.parts.items())}
        return {"digest": self.digest, "rows": self.rows, "columns": self.columns, "parts": parts}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> MartHash:
        return cls(value["columns"], {name: PartHash.from_json(part) for name, part in value["parts"].items()})


def total_digest(marts: Mapping[str, MartHash]) -> str:
    """One hex digest for all marts."""
    lines = "\n".join(f"{name} {mart.digest}" for name, mart in sorted(marts.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


def hash_marts(
    con: duckdb.DuckDBPyConnection,
    schema: str = "marts",
    known: Mapping[str, MartHash] | None = None,
) -> dict[str, MartHash]:
    """Hash every contracted mart of a schema.

    Args:
        con: connection with UTC as its zone.
        schema: where the marts are.
        known: parts that are known to be unchanged, by mart; they are taken over instead of computed. The caller
            vouches for them (see ``unchanged_days``).
    """
    marts = _columns(con, schema)
    return {
        mart: _hash_mart(con, schema, mart, columns, (known or {}).get(mart))
        for mart, columns in marts.items()
        if mart not in EXCLUDED_MARTS
    }


def unchanged_days(
    con: duckdb.DuckDBPyConnection,
    previous: Mapping[str, MartHash],
    rebuilt: Iterable[str],
    schema: str = "marts",
) -> dict[str, MartHash]:
    """The days of the daily marts that the previous build holds already.

    A day counts as unchanged when this run did not rebuild it, the mart has the same columns, and the day still has as
    many rows as it had; the last is a guard against a rebuild that nobody declared.
    """
    touched = set(rebuilt)
    result: dict[str, MartHash] = {}
    for mart, columns in _columns(con, schema).items():
        before = previous.get(mart)
        if mart not in DAILY_MARTS or before is None or before.columns != _column_text(columns):
            continue
        rows = rows_by_day(con, mart, schema)
        days = {day: part for day, part in before.parts.items() if day not in touched and rows.get(day) == part.rows}
        result[mart] = MartHash(before.columns, days)
    return result


def unchanged_marts(
    con: duckdb.DuckDBPyConnection,
    previous: Mapping[str, MartHash],
    present: Mapping[str, MartHash],
    schema: str = "marts",
) -> dict[str, MartHash]:
    """The marts handled as a whole that are to the last value what they were, in columns that are not hashed too."""
    return {
        mart: present[mart]
        for mart, columns in _columns(con, schema).items()
        if mart in present
        and mart in previous
        and mart not in DAILY_MARTS
        and previous[mart].digest == present[mart].digest
        and len(_hashed(columns)) == len(columns)
    }


def _hash_mart(
    con: duckdb.DuckDBPyConnection, schema: str, mart: str, columns: Columns, known: MartHash | None
) -> MartHash:
    table = f"{quote_name(schema)}.{quote_name(mart)}"
    day = quote_name(DAILY_MARTS[mart]) if mart in DAILY_MARTS else "NULL::DATE"
    kept = known.parts if known else {}
    if kept and mart not in DAILY_MARTS:
        return MartHash(_column_text(columns), dict(kept))
    where = ""
    if kept:
        # Naming the days to read lets the scan skip all others; naming those to leave out would not.
        days = ", ".join(f"DATE {quote_text(name)}" for name in rows_by_day(con, mart, schema) if name not in kept)
        where = f"WHERE {day} IN ({days})" if days else "WHERE false"
    values = "".join(f", {_hashed_value(name, data_type)}" for name, data_type in _hashed(columns))
    # The salts make two hashes of a row; hashed once more, what two rows exchange does not cancel out in a sum.
    rows = con.execute(
        f"""
        SELECT day::VARCHAR, count(*), sum(hash(low))::VARCHAR, sum(hash(high))::VARCHAR
        FROM (SELECT {day} AS day, hash('low'{values}) AS low, hash('high'{values}) AS high FROM {table} {where})
        GROUP BY day
        """
    ).fetchall()
    parts = {name or "": PartHash(count, int(low), int(high)) for name, count, low, high in rows}
    return MartHash(_column_text(columns), {**kept, **parts})


def _columns(con: duckdb.DuckDBPyConnection, schema: str) -> dict[str, Columns]:
    """Names and types of the columns of every mart, both in order of name."""
    rows = con.execute(
        "SELECT table_name, column_name, data_type FROM duckdb_columns()"
        " WHERE database_name = current_database() AND schema_name = ? ORDER BY ALL",
        [schema],
    ).fetchall()
    return {mart: [(name, kind) for _, name, kind in columns] for mart, columns in groupby(rows, key=itemgetter(0))}


def _hashed(columns: Columns) -> Columns:
    return [column for column in columns if column[0] not in EXCLUDED_COLUMNS]


def _column_text(columns: Columns) -> str:
    return f"{_HASH}: " + ", ".join(f"{name} {data_type}" for name, data_type in _hashed(columns))


def _hashed_value(name: str, data_type: str) -> str:
    value = quote_name(name)
    if _WIDE_NUMBERS.fullmatch(data_type):
        return f"{value}, {value} < 0"
    return value if _PLAIN_TYPES.fullmatch(data_type) else f"{value}::VARCHAR"
