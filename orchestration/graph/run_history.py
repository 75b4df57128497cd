"""Dagster's record of the events of runs: a thousand small commits a run, none of which anybody's figures depend on."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from dagster._core.storage.event_log import SqliteEventLogStorage
from sqlalchemy import Connection, Engine, create_engine, event

from orchestration.settings import get_settings

# Where Dagster itself would keep the files, so that the runs of before are still there.
FOLDER = Path("history") / "runs"
INDEX = "index"
# Each run has a file of its own, and a server that shows runs reads many.
MOST_OPEN = 16
SECONDS_TO_WAIT_FOR_OTHERS = 60


class QuickEventLogStorage(SqliteEventLogStorage):
    """Dagster's event log in SQLite, on connections that stay open and leave it to the operating system when the
    history reaches the disk. ``dagster.yaml`` names it.

    A killed process loses nothing; a power cut may cost the history its last seconds. What was loaded and published is
    recorded elsewhere (``ledger``), and waits for the disk. The class above, which is found where Dagster's documents
    tell to name it, opens a file anew for each event and asks each time which columns it has: 9.5 ms of CPU an
    event, of which a night has a thousand, against 1.6. Only methods with public names are replaced, and a test counts
    how often a file is opened.
    """

    def __init__(self, base_dir: str, inst_data: Any = None) -> None:
        self._one_at_a_time = threading.RLock()
        self._kept: dict[str, Engine] = {}
        self._said_yes: set[tuple[str, str]] = set()
        super().__init__(base_dir, inst_data)

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        return {}

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Mapping[str, Any]) -> QuickEventLogStorage:
        return cls(str(get_settings().dagster_dir / FOLDER), inst_data)

    def run_connection(self, run_id: str | None = None) -> AbstractContextManager[Connection]:
        return self._connection(run_id or "")

    def index_connection(self) -> AbstractContextManager[Connection]:
        return self._connection(INDEX)

    def has_secondary_index(self, name: str) -> bool:
        return self._once("index", name, super().has_secondary_index)

    def has_asset_key_col(self, column_name: str) -> bool:
        return self._once("column", column_name, super().has_asset_key_col)

    def wipe(self) -> None:
        self._close_all()
        super().wipe()

    def dispose(self) -> None:
        self._close_all()
        super().dispose()

    @contextmanager
    def _connection(self, shard: str) -> Iterator[Connection]:
        """Every use is a transaction of its own, so others can write too."""
        with self._one_at_a_time:
            if shard not in self._kept:
                # The first time is the class's own, which makes the tables of a new file.
                with super().index_connection() if shard == INDEX else super().run_connection(shard):
                    pass
                while len(self._kept) >= MOST_OPEN:
                    self._kept.pop(next(iter(self._kept))).dispose()
                self._kept[shard] = _engine(self.conn_string_for_shard(shard))
            with self._kept[shard].begin() as connection:
                yield connection

    def _once(self, kind: str, name: str, ask: Any) -> bool:
        """Remembers a yes, which a database does not take back."""
        if (kind, name) not in self._said_yes and ask(name):
            self._said_yes.add((kind, name))
        return (kind, name) in self._said_yes

    def _close_all(self) -> None:
        with self._one_at_a_time:
            for engine in self._kept.values():
                engine.dispose()
            self._kept.clear()


def _engine(address: str) -> Engine:
    engine = create_engine(address, connect_args={"timeout": SECONDS_TO_WAIT_FOR_OTHERS})
    event.listen(engine, "connect", _without_waiting)
    return engine


def _without_waiting(connection: sqlite3.Connection, _record: Any) -> None:
    connection.execute("PRAGMA synchronous = OFF")
