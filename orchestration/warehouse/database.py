"""Connections to the warehouse files, all opened the same way."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from orchestration.settings import Settings

# A killed run's dbt process ends a moment after its parent; until then it still holds the file.
LOCK_PATIENCE_SECONDS = 20.0


@contextmanager
def open_database(path: Path, settings: Settings, *, read_only: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with the limits of the settings and UTC as its zone, closed at the end.

    Raises:
        duckdb.IOException: the file is held by another process for longer than 20 seconds, or cannot be opened.
    """
    con = _connect(path, settings, read_only)
    try:
        con.execute("SET TimeZone = 'UTC'")
        yield con
    finally:
        con.close()


def attach(con: duckdb.DuckDBPyConnection, path: Path, alias: str) -> None:
    """Attach another file read only."""
    con.execute(f"ATTACH {quote_text(str(path))} AS {quote_name(alias)} (READ_ONLY)")


def quote_name(name: str) -> str:
    """An SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def quote_text(value: str) -> str:
    """An SQL text literal."""
    return "'" + value.replace("'", "''") + "'"


def wal_of(path: Path) -> Path:
    """The write-ahead log that belongs to a database file."""
    return path.with_name(path.name + ".wal")


def is_held_elsewhere(error: duckdb.Error) -> bool:
    """Whether opening failed only because another process has the file open."""
    return "Could not set lock" in str(error) or "Conflicting lock" in str(error)


def _connect(path: Path, settings: Settings, read_only: bool) -> duckdb.DuckDBPyConnection:
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": settings.memory_limit,
        "threads": settings.threads,
        "autoinstall_known_extensions": False,
    }
    deadline = time.monotonic() + LOCK_PATIENCE_SECONDS
    while True:
        try:
            return duckdb.connect(str(path), read_only=read_only, config=config)
        except duckdb.IOException as error:
            if not is_held_elsewhere(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.2)
