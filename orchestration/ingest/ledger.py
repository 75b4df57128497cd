"""The tables of ``raw.duckdb``: making them, and writing down what became of each file."""

from __future__ import annotations

from typing import Any

import duckdb
import pyarrow as pa

from orchestration.warehouse.tables import LEDGER_TABLES, TIME

_LOAD_FILES = LEDGER_TABLES["ledger.load_files"]
_ARROW = {"VARCHAR": pa.string(), "BIGINT": pa.int64(), TIME: pa.timestamp("us", "UTC")}


def next_load_id(con: duckdb.DuckDBPyConnection) -> int:
    """The number of the next loaded file; numbers increase in the order of loading."""
    row = con.execute("SELECT coalesce(max(load_id), 0) + 1 FROM ledger.load_files").fetchone()
    return row[0]  # type: ignore[index]


def known_files(con: duckdb.DuckDBPyConnection, source: str) -> set[str]:
    """SHA-256 of every file of a source that was loaded or refused before."""
    rows = con.execute("SELECT file_sha256 FROM ledger.load_files WHERE source = ?", [source]).fetchall()
    return {row[0] for row in rows}


def seen_fingerprints(con: duckdb.DuckDBPyConnection, source: str) -> dict[str, str]:
    """Landing path -> fingerprint of the file there when it was last dealt with."""
    rows = con.execute(
        "SELECT path, fingerprint FROM ledger.seen_files SEMI JOIN ledger.load_files USING (source, file_sha256)"
        " WHERE source = ?",
        [source],
    ).fetchall()
    return dict(rows)


def seen_contents(con: duckdb.DuckDBPyConnection, source: str) -> dict[str, str]:
    """Landing path -> SHA-256 of the file there when it was last dealt with."""
    rows = con.execute(
        "SELECT path, file_sha256 FROM ledger.seen_files SEMI JOIN ledger.load_files USING (source, file_sha256)"
        " WHERE source = ?",
        [source],
    ).fetchall()
    return dict(rows)


def remember_files(con: duckdb.DuckDBPyConnection, source: str, files: list[tuple[str, str, str]]) -> None:
    """Note that the content of landing paths is dealt with, for as long as their fingerprints stay.

    Args:
        files: path, fingerprint and SHA-256 of each; an empty fingerprint never matches, so the file is read again.
    """
    if not files:
        return
    # The last one wins where two names of a run look the same once they are printable.
    paths, fingerprints, hashes = zip(*{file[0]: file for file in files}.values(), strict=True)
    con.execute(
        "DELETE FROM ledger.seen_files WHERE source = $source AND path IN (SELECT unnest($paths::VARCHAR[]))",
        {"source": source, "paths": paths},
    )
    con.execute(
        "INSERT INTO ledger.seen_files"
        " SELECT $source, unnest($paths::VARCHAR[]), unnest($fingerprints::VARCHAR[]), unnest($hashes::VARCHAR[])",
        {"source": source, "paths": paths, "fingerprints": fingerprints, "hashes": hashes},
    )


def write_files(con: duckdb.DuckDBPyConnection, files: list[dict[str, Any]]) -> None:
    """Write the ledger entries of files, each a mapping of the columns of ``ledger.load_files``."""
    entries = pa.table({name: pa.array([f[name] for f in files], _ARROW[kind]) for name, kind in _LOAD_FILES.items()})
    con.execute("INSERT INTO ledger.load_files BY NAME SELECT * FROM entries")
    del entries
