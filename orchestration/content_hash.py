"""What a published build says, as one number: equal for equal content, however and in whatever order it was built."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from orchestration.database import quote_name, quote_text
from orchestration.settings import PROJECT_DIR

# They tell of runs and deliveries, not of the company.
EXCLUDED_MARTS = frozenset({"load_files", "quarantined_rows", "publishes", "restatements", "budget_alerts"})
EXCLUDED_COLUMNS = frozenset(
    {
        "publish_id", "run_id", "loaded_at", "published_at", "first_seen_at",
        "load_id", "file_sha256", "file_name", "file_row_no", "line_no", "row_no",
        "_load_id", "_file_sha256", "_line_no", "_row_no",
    }
)  # fmt: skip

# Row-level facts, whose days are hashed and exported one by one so that an unchanged day costs nothing.
DAILY_FACTS = ("attempts", "requests", "outcomes")


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
    """One mart: its columns as hashed, and its rows in parts (one part a day for the daily facts)."""

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
    names = [name for name in mart_names(con, schema) if name not in EXCLUDED_MARTS]
    return {name: _hash_mart(con, schema, name, (known or {}).get(name)) for name in names}


def mart_names(con: duckdb.DuckDBPyConnection, schema: str = "marts") -> list[str]:
    """Tables and views of a schema of the connection's own database, sorted."""
    rows = con.execute(
        "SELECT table_name FROM information_schema.tables"
        " WHERE table_catalog = current_database() AND table_schema = ? ORDER BY 1",
        [schema],
    ).fetchall()
    return [name for (name,) in rows]


def is_daily_fact(con: duckdb.DuckDBPyConnection, mart: str, schema: str = "marts") -> bool:
    """Whether the mart is handled day by day."""
    return mart in DAILY_FACTS and any(name == "day" for name, _ in _columns(con, schema, mart))


def rows_by_day(con: duckdb.DuckDBPyConnection, mart: str, schema: str = "marts") -> dict[str, int]:
    """Rows of a daily fact per day (ISO date)."""
    table = f"{quote_name(schema)}.{quote_name(mart)}"
    return dict(con.execute(f"SELECT day::VARCHAR, count(*) FROM {table} GROUP BY 1").fetchall())


def unchanged_days(
    con: duckdb.DuckDBPyConnection,
    previous: Mapping[str, MartHash],
    rebuilt: Iterable[str],
    schema: str = "marts",
) -> dict[str, MartHash]:
    """The days of the daily facts that the previous build holds already.

    A day counts as unchanged when this run did not rebuild it, the mart has the same columns, and the day still has as
    many rows as it had; the last is a guard against a rebuild that nobody declared.
    """
    touched = set(rebuilt)
    result: dict[str, MartHash] = {}
    for mart, before in previous.items():
        if mart not in mart_names(con, schema) or not is_daily_fact(con, mart, schema):
            continue
        if before.columns != _column_text(_hashed_columns(con, schema, mart)):
            continue
        rows = rows_by_day(con, mart, schema)
        days = {day: part for day, part in before.parts.items() if day not in touched and rows.get(day) == part.rows}
        result[mart] = MartHash(before.columns, days)
    return result


def code_hash(project_dir: Path = PROJECT_DIR) -> str:
    """Hex digest of everything that decides what is computed: models, macros, seed declarations, ingest."""
    patterns = ("dbt_project.yml", "models/**/*", "macros/**/*", "seeds/**/*.yml", "orchestration/ingest/**/*.py")
    digest = hashlib.sha256()
    for path in sorted({path for pattern in patterns for path in project_dir.glob(pattern) if path.is_file()}):
        digest.update(path.relative_to(project_dir).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _hash_mart(con: duckdb.DuckDBPyConnection, schema: str, mart: str, known: MartHash | None) -> MartHash:
    columns = _hashed_columns(con, schema, mart)
    table = f"{quote_name(schema)}.{quote_name(mart)}"
    part = "coalesce(day::VARCHAR, '')" if is_daily_fact(con, mart, schema) else "''"
    kept = known.parts if known else {}
    where = f"WHERE {part} NOT IN ({', '.join(quote_text(day) for day in sorted(kept))})" if kept else ""
    rows = con.execute(
        f"""
        SELECT part, count(*), sum(md5_number_lower(line))::VARCHAR, sum(md5_number_upper(line))::VARCHAR
        FROM (SELECT {part} AS part, {_row_text(columns)} AS line FROM {table} {where})
        GROUP BY part
        """
    ).fetchall()
    parts = {name: PartHash(count, int(low), int(high)) for name, count, low, high in rows}
    return MartHash(_column_text(columns), {**kept, **parts})


def _columns(con: duckdb.DuckDBPyConnection, schema: str, mart: str) -> list[tuple[str, str]]:
    return con.execute(
        "SELECT column_name, data_type FROM information_schema.columns"
        " WHERE table_catalog = current_database() AND table_schema = ? AND table_name = ? ORDER BY column_name",
        [schema, mart],
    ).fetchall()


def _hashed_columns(con: duckdb.DuckDBPyConnection, schema: str, mart: str) -> list[tuple[str, str]]:
    return [column for column in _columns(con, schema, mart) if column[0] not in EXCLUDED_COLUMNS]


def _column_text(columns: list[tuple[str, str]]) -> str:
    return ",".join(name for name, _ in columns)


def _row_text(columns: list[tuple[str, str]]) -> str:
    """SQL of one row's text. Each value carries its length, so that no two rows share a text."""
    if not columns:
        return "''"
    values = []
    for name, data_type in columns:
        # Adding zero makes one zero of two.
        value = f"({quote_name(name)} + 0)" if data_type in ("DOUBLE", "FLOAT") else quote_name(name)
        text = f"{value}::VARCHAR"
        values.append(f"coalesce(length({text}) || ':' || {text}, '-')")
    return " || ".join(values)
