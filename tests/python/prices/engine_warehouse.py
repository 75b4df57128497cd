"""The real engine over a few files: ingest, reference data and dbt, in a folder of its own."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
from pipeline.engine import Engine

from orchestration.reference import prepare
from orchestration.settings import Settings
from orchestration.sources.loading import load_folder
from orchestration.sources.registry import landed_columns
from orchestration.warehouse.database import open_database
from orchestration.warehouse.tables import ensure_tables

AS_OF = datetime(2027, 6, 1, tzinfo=UTC)


class EngineWarehouse:
    """Write seeds and landing files, ``build`` once, then look at what came out."""

    def __init__(self, engine: Engine, home: Path) -> None:
        self._engine = engine
        self.seeds = home / "seeds"
        self.seeds.mkdir(parents=True)
        self.settings = Settings(home=home, seeds=self.seeds, hash_key="a test key")
        self.settings.make_folders()

    def seed(self, name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Write one reference file."""
        with (self.seeds / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(header)
            writer.writerows(rows)

    def land(self, path: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Write one JSON-lines file into landing."""
        target = self.settings.home / "landing" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")

    def build(self, *models: str) -> None:
        """Load every landed file and build the models with everything above them.

        Raises:
            AssertionError: dbt failed, or a landed row was refused.
        """
        prepare(self.settings)
        folders = [path for path in (self.settings.home / "landing").iterdir() if path.is_dir()]
        with open_database(self.settings.raw_database, self.settings) as con:
            ensure_tables(con, landed_columns())
            for folder in sorted(folders):
                if any(folder.iterdir()):
                    load_folder(con, folder.name, run_id="engine", as_of=AS_OF, now=AS_OF, settings=self.settings)
            refused = con.execute("select reason_code, field from ledger.quarantined_rows limit 5").fetchall()
            assert not refused, refused
            con.execute("delete from control.run")
            con.execute("insert into control.run (run_id, as_of, mode) values ('engine', ?, 'full')", [AS_OF])
        self._engine.build(self.settings, full=False, select=("resource_type:seed", *(f"+{m}" for m in models)))

    def all(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Rows of a query on what was built."""
        with duckdb.connect(str(self.settings.build_database), read_only=True) as con:
            con.execute("set TimeZone = 'UTC'; set search_path = 'marts'")
            return con.execute(query, list(values)).fetchall()
