"""Dagster's own record of runs: a thousand small commits a run, none of which anybody's figures depend on."""

from __future__ import annotations

import sqlite3
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine


def write_history_without_waiting() -> None:
    """Let SQLite leave it to the operating system when the history reaches the disk, in this process.

    A killed process loses nothing; a power cut may cost the history its last seconds. What was loaded and published is
    recorded elsewhere (``ledger``), and waits for the disk.
    """
    if not event.contains(Engine, "connect", _without_waiting):
        event.listen(Engine, "connect", _without_waiting)


def _without_waiting(connection: Any, _record: Any) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous = OFF")
