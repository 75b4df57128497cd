"""Whether a text is nowhere in a state folder: not in a file, a table, a compressed file or a log."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterator
from pathlib import Path

import duckdb
import zstandard

from .command import Home

_ZSTD = b"\x28\xb5\x2f\xfd"


def require_hidden(home: Home, text: str) -> None:
    """The text is in no file below the home but landing, and was never printed."""
    found = sorted(set(places_of(home.path, text)))
    assert found == []
    assert text not in home.output


def places_of(folder: Path, text: str) -> Iterator[str]:
    """Files (and tables in them) that hold the text; landing is left out."""
    needle = text.encode()
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and not p.is_symlink()):
        name = path.relative_to(folder).as_posix()
        if name.startswith("landing/"):
            continue
        content = path.read_bytes()
        if needle in content or needle in name.encode():
            yield name
        # What is compressed inside a file cannot be seen from outside.
        if needle in _unpacked(content):
            yield f"{name} (packed)"
        if path.suffix == ".duckdb":
            yield from (f"{name}: {table}" for table in _tables_with(path, text))
        elif path.suffix == ".parquet" and content[-4:] == b"PAR1":
            if _rows_hold(path, text):
                yield f"{name} (rows)"
        elif content[:15] == b"SQLite format 3":
            yield from (f"{name}: {table}" for table in _sqlite_tables_with(path, text))


def _rows_hold(path: Path, text: str) -> bool:
    with duckdb.connect() as con:
        try:
            return _holds(con, f"read_parquet('{path}', hive_partitioning = false)", text)
        except duckdb.InvalidInputException:
            # Broken on purpose: its bytes were looked through already.
            return False


def _unpacked(content: bytes) -> bytes:
    """Content of a gzip or zstd file, as far as it can be read; nothing for other files."""
    if content[:2] == b"\x1f\x8b":
        return zlib.decompressobj(wbits=31).decompress(content)
    return zstandard.ZstdDecompressor().decompressobj().decompress(content) if content[:4] == _ZSTD else b""


def _tables_with(path: Path, text: str) -> Iterator[str]:
    with duckdb.connect(str(path), read_only=True) as con:
        tables = con.execute("SELECT schema_name, table_name FROM duckdb_tables() WHERE NOT internal").fetchall()
        for schema, table in tables:
            if _holds(con, f'"{schema}"."{table}"', text):
                yield f"{schema}.{table}"


def _holds(con: duckdb.DuckDBPyConnection, relation: str, text: str) -> bool:
    row = con.execute(f"SELECT count(*) FROM {relation} AS t WHERE contains(t::VARCHAR, ?)", [text]).fetchone()
    return row != (0,)


def _sqlite_tables_with(path: Path, text: str) -> Iterator[str]:
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as con:
        for (table,) in con.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            if any(text in str(value) for row in con.execute(f'SELECT * FROM "{table}"') for value in row):
                yield table
