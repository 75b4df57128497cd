"""Whether what is published is one complete build."""

from __future__ import annotations

from orchestration.publish.content_hash import EXCLUDED_MARTS

from .command import Home


def require_whole(home: Home) -> str:
    """The content hash of what is published, after computing it anew from the published file."""
    row = home.publishes()[-1]
    folder = (home.path / "published" / "current").resolve()
    assert home.hash_of(folder / "finops.duckdb") == row.content_hash
    assert not list(folder.glob("*.wal"))
    with home.published() as con:
        for (name,) in con.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'marts'").fetchall():
            if name not in EXCLUDED_MARTS:
                files = folder / "parquet" / name / "**" / "*.parquet"
                (rows,) = con.execute(f"SELECT count(*) FROM read_parquet('{files}')").fetchone()
                assert con.execute(f"SELECT count(*) FROM {name}").fetchone() == (rows,), name
    return row.content_hash
