"""The nightly run without Dagster, checks and the published copies: the same code for reference data, ingest, plan,
dbt models and content hash, at a tenth of the time. For tests of many nights; `command.py` has the real thing."""

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

from orchestration.build.dbt import dbt_environment, variables_set
from orchestration.build.kept_nodes import Changes, find_changes, kept_nodes, selected_names
from orchestration.build.plan import Plan, plan
from orchestration.build.ready import make_ready
from orchestration.ingest.report import IngestReport
from orchestration.publish.content_hash import MartHash, hash_marts, total_digest
from orchestration.publish.ledger import PublishRow, audit_mark, record_publish
from orchestration.publish.publish import publish_build
from orchestration.reference import PreparedReference, prepare
from orchestration.settings import PROJECT_DIR, Settings
from orchestration.sources.folders import folders_of
from orchestration.sources.loading import load_folder
from orchestration.sources.registry import SOURCES
from orchestration.warehouse.database import open_database
from orchestration.warehouse.project_hash import code_hash

# `--quiet` formats each of dbt's thousands of events before it drops them: a tenth of a build of small tables.
_SILENT = ("--log-level", "none")
EVERYTHING = Changes(everything="a build by itself")
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
        self, settings: Settings, *, full: bool, select: tuple[str, ...] = (), changes: Changes = EVERYTHING
    ) -> frozenset[str]:
        """Seeds and models, without tests: those that have changed, or those that ``select`` names as dbt does.

        Returns:
            Names of the seeds and models that were left as they were because nothing that they read has changed.
        """
        manifest = self._parsed(settings)
        kept = kept_nodes(manifest, changes)
        if kept and not select:
            select = tuple(selected_names(manifest["nodes"], kept))
        only = [*(["--select", *select] if select else []), *(["--full-refresh"] if full else [])]
        if select or not kept:
            types = ["--resource-type", "seed", "--resource-type", "model"]
            self._dbt(settings, ["--no-write-json", "build", *types, *only])
        return frozenset(name.rpartition(".")[2] for name in kept if not name.startswith("test."))

    def compiled(self, settings: Settings, models: tuple[str, ...]) -> dict[str, str]:
        """SQL of models as a full build runs it."""
        done = self._dbt(settings, ["--no-write-json", "compile", "--select", *models])
        return {result.node.name: result.node.compiled_code for result in done.results}

    @property
    def nodes(self) -> dict[str, Any]:
        """The project's nodes as dbt tells them, by their id."""
        settings = Settings(home=self._work / "nodes")
        if not self._nodes:
            shutil.copytree(PROJECT_DIR / "seeds", settings.effective_seeds_dir)
        return self._parsed(settings)["nodes"]

    def _parsed(self, settings: Settings) -> dict[str, Any]:
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
        run_id = uuid.uuid4().hex
        prepared = prepare(self.settings)
        make_ready(self.settings, fresh=False, label=run_id[:8])
        reports = {}
        with open_database(self.settings.raw_database, self.settings) as con:
            for family in SOURCES:
                for folder in folders_of(self.settings, family):
                    reports[folder] = load_folder(con, folder, run_id=run_id, as_of=as_of, settings=self.settings)
            planned = plan(con, prepared, self.settings, as_of, run_id)
            changes = find_changes(con, self.settings, prepared, planned, as_of)
            con.execute("CHECKPOINT")
        kept = self._engine.build(self.settings, full=planned.mode == "full", select=select, changes=changes)
        with open_database(self.settings.build_database, self.settings, read_only=True) as con:
            marts = hash_marts(con)
        if publish:
            publish_build(self.settings, run_id=run_id, checks_passed=0, reference=prepared)
        else:
            self._record(run_id, as_of, total_digest(marts), prepared, is_whole=not select)
        return Night(planned, marts, reports, kept)

    def _record(
        self, run_id: str, as_of: datetime, content_hash: str, prepared: PreparedReference, *, is_whole: bool
    ) -> None:
        with open_database(self.settings.raw_database, self.settings) as con:
            (max_load_id,) = con.execute("SELECT coalesce(max(load_id), 0) FROM ledger.load_files").fetchone()
            row = PublishRow(
                publish_id=run_id,
                run_id=run_id,
                as_of=as_of,
                published_at=self._engine.next_publish_time(),
                content_hash=content_hash,
                checks_passed=0,
                max_load_id=max_load_id,
                reference_hash=prepared.hash,
                code_hash=code_hash(),
            )
            record_publish(con, row, prepared, mark=audit_mark(self.settings) if is_whole else "")
            con.execute("CHECKPOINT")

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
