"""A warehouse with an empty landing folder, and short ways to fill it, ingest it and look at what came of it."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.ingest.report import IngestReport
from orchestration.settings import Settings
from orchestration.sources.loading import load_folder
from orchestration.sources.registry import landed_columns, landed_tables
from orchestration.warehouse.tables import ensure_tables

from .samples import NOW


class Warehouse:
    """A raw database over a landing folder."""

    def __init__(self, home: Path, now: datetime = NOW, **settings: Any) -> None:
        self.now = now
        # One key for all homes: their prompt hashes are compared.
        self.settings = Settings(home=home, **{"hash_key": "a test key", **settings})
        self.settings.make_folders()
        self.landing = home / "landing"
        self.con = duckdb.connect(str(self.settings.raw_database))
        ensure_tables(self.con, landed_columns())

    def land(self, path: str, content: bytes) -> Path:
        """Write a file into landing; gzip by its name."""
        target = self.landing / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(gzip.compress(content) if path.endswith(".gz") else content)
        return target

    def ingest(self, source: str = "inference", **arguments: Any) -> IngestReport:
        return load_folder(
            self.con,
            source,
            settings=self.settings,
            **{"run_id": "run", "as_of": self.now, "now": self.now, **arguments},
        )

    def take(self, path: str, content: bytes) -> IngestReport:
        """Land a file and ingest its source."""
        self.land(path, content)
        return self.ingest(path.partition("/")[0])

    def all(self, query: str, *arguments: Any) -> list[tuple[Any, ...]]:
        return self.con.execute(query, list(arguments)).fetchall()

    def reasons(self) -> list[tuple[Any, ...]]:
        """(line, reason, field) of every quarantined row."""
        return self.all("SELECT line_no, reason_code, field FROM ledger.quarantined_rows ORDER BY ALL")

    def counts(self) -> tuple[int, ...]:
        """rows_in, loaded, duplicate, superseded, quarantined over all files."""
        (row,) = self.all(
            "SELECT sum(rows_in), sum(loaded), sum(duplicate), sum(superseded), sum(quarantined) FROM ledger.load_files"
        )
        return tuple(int(count or 0) for count in row)

    def assert_conserved(self) -> None:
        """The counts of every file add up, and agree with the tables and the quarantine."""
        assert not self.all(
            "SELECT * FROM ledger.load_files WHERE rows_in <> loaded + duplicate + superseded + quarantined"
        )
        stored = " UNION ALL ".join(f"SELECT _load_id AS load_id FROM {table.full_name}" for table in landed_tables())
        assert not self.all(
            f"""
            SELECT * FROM ledger.load_files AS files
            LEFT JOIN (SELECT load_id, count(*) AS n FROM ({stored}) GROUP BY ALL) AS rows USING (load_id)
            LEFT JOIN (SELECT load_id, count(*) AS n FROM ledger.quarantined_rows GROUP BY ALL) AS bad USING (load_id)
            WHERE loaded + superseded <> coalesce(rows.n, 0) OR quarantined <> coalesce(bad.n, 0)
            """
        )


@pytest.fixture
def now() -> datetime:
    """The clock of a warehouse, and what its runs are as of."""
    return NOW


@pytest.fixture
def make_warehouse(tmp_path: Path, now: datetime) -> Iterator[Callable[..., Warehouse]]:
    """Make warehouses, each with its own home."""
    made: list[Warehouse] = []

    def make(name: str = "home", **settings: Any) -> Warehouse:
        warehouse = Warehouse(tmp_path / name, now, **settings)
        made.append(warehouse)
        return warehouse

    yield make
    for warehouse in made:
        warehouse.con.close()


@pytest.fixture
def warehouse(make_warehouse: Callable[..., Warehouse]) -> Warehouse:
    return make_warehouse()
