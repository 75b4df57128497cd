"""Reading what is published, and nothing else."""

from __future__ import annotations

from pathlib import Path

import duckdb

from orchestration.settings import Settings


class NothingPublished(LookupError):
    """Nobody has published a build yet; the text says how to."""


def open_published(settings: Settings) -> duckdb.DuckDBPyConnection:
    """A connection that can read the current build and nothing else.

    The symbolic link is resolved first: a process that has the former build open would otherwise be given that one.

    Raises:
        NothingPublished: there is no build yet.
    """
    path = settings.published_database
    if not path.exists():
        raise NothingPublished("nothing is published yet; run `finops demo` or `finops nightly` first")
    return connect_read_only(path.resolve(), settings)


def connect_read_only(path: Path, settings: Settings) -> duckdb.DuckDBPyConnection:
    """Open a published database so that a query cannot write, read other files, load extensions or change that."""
    con = duckdb.connect(str(path), read_only=True, config={"threads": settings.threads})
    con.execute("SET TimeZone = 'UTC'")
    con.execute("SET search_path = 'marts'")
    for setting, value in {
        "memory_limit": f"'{settings.memory_limit}'",
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "allow_community_extensions": "false",
        "enable_external_access": "false",
        "lock_configuration": "true",
    }.items():
        con.execute(f"SET {setting} = {value}")
    return con
