"""Dagster's own record of runs: a thousand small commits a run, none of which anybody's figures depend on."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from sqlalchemy import Connection, Engine, create_engine, event

_engines: dict[str, Engine] = {}


@contextmanager
def quick_history() -> Iterator[None]:
    """Let SQLite leave it to the operating system when the history reaches the disk, and keep its files open.

    A killed process loses nothing; a power cut may cost the history its last seconds. What was loaded and published is
    recorded elsewhere (``ledger``), and waits for the disk. Dagster opens the file anew for each of its thousand events
    and asks each time which columns it has, which took a fifth of a small run.
    """
    if not event.contains(Engine, "connect", _without_waiting):
        event.listen(Engine, "connect", _without_waiting)
        SqliteEventLogStorage._connect = _connect
        for question in ("has_secondary_index", "has_asset_key_col"):
            setattr(SqliteEventLogStorage, question, _asked_once(getattr(SqliteEventLogStorage, question)))
    try:
        yield
    finally:
        for engine in _engines.values():
            engine.dispose()


def _without_waiting(connection: Any, _record: Any) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous = OFF")


@contextmanager
def _connect(self: Any, shard: str) -> Iterator[Connection]:
    """As Dagster's own, on a connection that stays; every use is a transaction of its own, so others can write too."""
    with self._db_lock:
        address = self.conn_string_for_shard(shard)
        if address not in _engines:
            _engines[address] = create_engine(address, connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS})
        engine = _engines[address]
        if shard not in self._initialized_dbs:
            self._initdb(engine)
            self._initialized_dbs.add(shard)
        with engine.begin() as connection:
            yield connection


def _asked_once(question: Callable[..., bool]) -> Callable[..., bool]:
    """Remembers a yes, which a database that is open does not take back."""
    said_yes: set[tuple[str, str]] = set()

    @wraps(question)
    def answer(self: Any, name: str) -> bool:
        key = (self._base_dir, name)
        if key not in said_yes and question(self, name):
            said_yes.add(key)
        return key in said_yes

    return answer
