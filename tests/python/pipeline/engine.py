"""The night of ``orchestration.build.night`` on a dbt that stays warm, without checks and the published copies, at a
tenth of the time. For tests of many nights; `command.py` has the real thing."""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.artifacts.schemas.run import RunExecutionResult
from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest

from orchestration.build import night as nights
from orchestration.build.dbt import dbt_environment, variables_set
from orchestration.build.kept_nodes import selected_names
from orchestration.build.plan import Plan
from orchestration.ingest.report import IngestReport
from orchestration.publish.content_hash import MartHash, hash_marts, total_digest
from orchestration.publish.ledger import PublishRow, audit_mark, record_publish
from orchestration.publish.publish import publish_build
from orchestration.reference import PreparedReference
from orchestration.settings import PROJECT_DIR, Settings
from orchestration.warehouse.database import open_database
from orchestration.warehouse.project_hash import code_hash

# `--quiet` formats each of dbt's thousands of events before it drops them: a tenth of a build of small tables.
_SILENT = ("--log-level", "none")
_FIRST_PUBLISH = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Night:
    """What one night did."""

    plan: Plan
    marts: dict[str, MartHash]
    reports: dict[str, IngestReport] = field(default_factory=dict)
    kept: frozenset[str] = frozenset()

    @property
    def content_hash(self) -> str:
        return total_digest(self.marts)

    @property
    def days(self) -> tuple[date, ...]:
        return self.plan.days


class Engine:
    """dbt parsed once and kept warm, for any number of warehouses."""

    def __init__(self, work: Path) -> None:
        self._work = work
        # dbt remembers where the seeds lie when it parses, so all warehouses share one path that is a link.
        self._seeds = work / "seeds"
        self._manifest: Manifest | None = None
        self._nodes: dict[str, Any] = {}
        self._publishes = 0

    def warehouse(self, home: Path, seeds: Path | None = None) -> Warehouse:
        """A new, empty warehouse below ``home``."""
        settings = Settings(home=home, seeds=seeds)
        settings.make_folders()
        return Warehouse(self, settings)

    def next_publish_time(self) -> datetime:
        """Publishes are in order whatever the clock does."""
        self._publishes += 1
        return _FIRST_PUBLISH + timedelta(minutes=self._publishes)

    def build(
        self, settings: Settings, *, full: bool, select: tuple[str, ...] = (), kept: frozenset[str] = frozenset()
    ) -> None:
        """Seeds and models, without tests: those that are not kept, or those that ``select`` names as dbt does."""
        if kept and not select:
            select = tuple(selected_names(self.manifest(settings)["nodes"], kept))
        only = [*(["--select", *select] if select else []), *(["--full-refresh"] if full else [])]
        if select or not kept:
            types = ["--resource-type", "seed", "--resource-type", "model"]
            self._dbt(settings, ["--no-write-json", "build", *types, *only])

    def compiled(self, settings: Settings, models: tuple[str, ...]) -> dict[str, str]:
        """SQL of models as a full build runs it."""
        done = self._dbt(settings, ["--no-write-json", "compile", "--full-refresh", "--select", *models])
        return {result.node.name: result.node.compiled_code for result in done.results}

    @property
    def nodes(self) -> dict[str, Any]:
        """The project's nodes as dbt tells them, by their id."""
        settings = Settings(home=self._work / "nodes")
        if not self._nodes:
            shutil.copytree(PROJECT_DIR / "seeds", settings.effective_seeds_dir)
        return self.manifest(settings)["nodes"]

    def manifest(self, settings: Settings) -> dict[str, Any]:
        """The project as dbt has parsed it."""
        if self._manifest is None:
            self._dbt(settings, ["parse"])
        return self._nodes

    def _dbt(self, settings: Settings, arguments: list[str]) -> RunExecutionResult:
        self._seeds.unlink(missing_ok=True)
        self._seeds.symlink_to(settings.effective_seeds_dir)
        environment = dbt_environment(settings) | {
            "FINOPS_SEEDS_EFFECTIVE": str(self._seeds),
            "DBT_TARGET_PATH": str(self._work / "target"),
            "DBT_LOG_PATH": str(self._work / "logs"),
            "DBT_LOG_LEVEL_FILE": "none",
        }
        with variables_set(environment):
            if self._manifest is None:
                parsed = dbtRunner().invoke([*_SILENT, "parse"])
                assert parsed.success, parsed.exception
                self._manifest = parsed.result
                self._nodes = json.loads((self._work / "target" / "manifest.json").read_text())
            try:
                done = dbtRunner(manifest=self._manifest).invoke([*_SILENT, *arguments])
            finally:
                DuckDBConnectionManager.close_all_connections()
        failed = [r for r in getattr(done.result, "results", []) if r.status not in ("success", "pass")]
        assert done.success, [(r.node.name, r.message) for r in failed] or done.exception
        return done.result


class Warehouse:
    """One state folder, driven night by night."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self._engine = engine
        self.settings = settings

    @property
    def landing(self) -> Path:
        return Path(self.settings.landing_url)

    def night(self, as_of: datetime, *, publish: bool = False, select: tuple[str, ...] = ()) -> Night:
        """Load what has landed and build what the plan says, as of an instant; with ``select`` only these models.

        Without ``publish`` only the ledger learns of the build; with it readers see it too.
        """
        night = nights.Night(self.settings, uuid.uuid4().hex, as_of)
        marts: dict[str, MartHash] = {}

        def build(_night: nights.Night, planned: Plan, kept: frozenset[str]) -> int:
            self._engine.build(self.settings, full=planned.mode == "full", select=select, kept=kept)
            with open_database(self.settings.build_database, self.settings, read_only=True) as con:
                marts.update(hash_marts(con))
            return 0

        def record(_settings: Settings, *, reference: PreparedReference, **_rest: Any) -> PublishRow:
            return self._record(night, total_digest(marts), reference, is_whole=not select)

        done = nights.run_night(
            night,
            manifest=self._engine.manifest,
            build=build,
            publish=publish_build if publish else record,
            is_audited=False,
        )
        kept = frozenset(name.rpartition(".")[2] for name in done.kept if not name.startswith("test."))
        return Night(done.plan, marts, done.loaded, kept)

    def _record(
        self, night: nights.Night, content_hash: str, reference: PreparedReference, *, is_whole: bool
    ) -> PublishRow:
        """Let the ledger believe that the build was published."""
        with open_database(self.settings.raw_database, self.settings) as con:
            (max_load_id,) = con.execute("SELECT coalesce(max(load_id), 0) FROM ledger.load_files").fetchone()
            row = PublishRow(
                publish_id=night.run_id,
                run_id=night.run_id,
                as_of=night.as_of,
                published_at=self._engine.next_publish_time(),
                content_hash=content_hash,
                checks_passed=0,
                max_load_id=max_load_id,
                reference_hash=reference.hash,
                code_hash=code_hash(),
            )
            record_publish(con, row, reference, mark=audit_mark(self.settings) if is_whole else "")
            con.execute("CHECKPOINT")
        return row

    @contextmanager
    def marts(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection to the build, its marts in the search path."""
        with open_database(self.settings.build_database, self.settings, read_only=True) as con:
            con.execute("SET search_path = 'marts'")
            yield con

    @contextmanager
    def raw(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection to the landed rows and the ledger."""
        with open_database(self.settings.raw_database, self.settings, read_only=True) as con:
            yield con

    @contextmanager
    def writer(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection to the build as dbt has it, landed rows attached."""
        with open_database(self.settings.build_database, self.settings) as con:
            con.execute(f"ATTACH '{self.settings.raw_database}' AS raw (READ_ONLY)")
            yield con
