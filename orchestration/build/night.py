"""One night: what has landed is loaded, the days that it touches are built, and what passes its audit is published.

Each step is a function that can be called alone. The Dagster graph calls them as assets and checks, ``run_night`` in a
row.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from orchestration.build.audit_scope import VARIABLE, audit_scope
from orchestration.build.dbt import DbtBuild, DbtFailure, ensure_manifest
from orchestration.build.kept_nodes import find_changes, kept_names, kept_nodes, selected_names
from orchestration.build.plan import Plan, plan
from orchestration.build.ready import make_ready
from orchestration.ingest.report import IngestReport
from orchestration.publish.control import read_control, read_kept_nodes, write_kept_nodes
from orchestration.publish.ledger import PublishRow
from orchestration.publish.publish import publish_build, require_free_space
from orchestration.quality.landed import check_counts, check_new_rows
from orchestration.quality.marts import check_mart, mart_suites
from orchestration.reference import PreparedReference, prepare
from orchestration.settings import Settings
from orchestration.sources.folders import folders_of
from orchestration.sources.loading import load_folder
from orchestration.sources.registry import SOURCES
from orchestration.warehouse.database import open_database

Manifest = Mapping[str, Any]


class AuditFailed(RuntimeError):
    """Rows or marts are not sound; the text has a line for each fault."""


@dataclass(frozen=True)
class Night:
    """What one night was asked to do.

    Attributes:
        settings: where the warehouse is.
        run_id: name of the run.
        as_of: instant that everything is computed as of.
        days: days to build again besides those that new rows touch.
        fresh: load everything again from landing into a new ledger.
        full_audit: dbt's tests look at every row, not only at the days that are built again.
    """

    settings: Settings
    run_id: str
    as_of: datetime
    days: tuple[date, ...] = ()
    fresh: bool = False
    full_audit: bool = False


@dataclass
class NightReport:
    """What a night did: its plan, the dbt nodes that it kept, the publish that readers see, files by landing folder."""

    plan: Plan
    kept: frozenset[str]
    published: PublishRow
    loaded: dict[str, IngestReport] = field(default_factory=dict)


def check_reference(night: Night) -> PreparedReference:
    """The reference data of the night, checked as a whole.

    Raises:
        ReferenceError: every fault with its file, line and column.
    """
    night.settings.make_folders()
    return prepare(night.settings)


def open_ledger(night: Night) -> list[str]:
    """Make the warehouse usable; returns one sentence for each thing that was mended.

    Raises:
        NotEnoughSpace: before anything is written.
    """
    require_free_space(night.settings)
    return make_ready(night.settings, fresh=night.fresh, label=night.run_id[:8])


def load_source(night: Night, family: str) -> dict[str, IngestReport]:
    """Load the new files of one kind of source; returns what became of them, by landing folder."""
    settings = night.settings
    with open_database(settings.raw_database, settings) as con:
        reports = {
            folder: load_folder(con, folder, run_id=night.run_id, as_of=night.as_of, settings=settings)
            for folder in folders_of(settings, family)
        }
        con.execute("CHECKPOINT")
    return reports


def audit_source(night: Night, family: str) -> list[str]:
    """What is wrong with the rows that one kind of source has brought; empty when nothing is."""
    failures, _ = check_new_rows(night.settings, family, night.run_id)
    return check_counts(night.settings, family) + failures


def read_manifest(settings: Settings) -> Manifest:
    """dbt's manifest of the project as it is now."""
    return json.loads(ensure_manifest(settings).read_text(encoding="utf-8"))


def plan_night(
    night: Night, prepared: PreparedReference, manifest: Callable[[Settings], Manifest] = read_manifest
) -> tuple[Plan, frozenset[str]]:
    """Decide what is built, and write it to ``control``.

    Returns:
        The plan, with the days that were asked for in it, and the unique ids of dbt's nodes that stay as they are.
    """
    settings = night.settings
    nodes = manifest(settings)
    with open_database(settings.raw_database, settings) as con:
        planned = plan(con, prepared, settings, night.as_of, night.run_id)
        if night.fresh and planned.mode != "full":
            planned = replace(planned, mode="full")
            con.execute("UPDATE control.run SET mode = 'full'")
        for day in night.days:
            con.execute(
                "INSERT INTO control.rebuild_days (day) SELECT ? WHERE ? NOT IN (SELECT day FROM control.rebuild_days)",
                [day, day],
            )
        changes = find_changes(con, settings, prepared, planned, night.as_of, days_were_chosen=bool(night.days))
        kept = kept_nodes(nodes, changes) if planned.mode == "incremental" else frozenset()
        write_kept_nodes(con, kept)
        con.execute("CHECKPOINT")
    return replace(planned, days=tuple(sorted({*planned.days, *night.days}))), kept


def planned_build(
    night: Night, nodes: Mapping[str, Any], only: Sequence[str] = ()
) -> tuple[DbtBuild | None, frozenset[str]]:
    """dbt's build of what ``control`` says.

    Args:
        nodes: the nodes of dbt's manifest.
        only: names of the nodes to build, whatever the plan says.

    Returns:
        The build, ready to start, or None when every node stays as it is; and the unique ids of those that do.
    """
    with open_database(night.settings.raw_database, night.settings) as con:
        (mode,) = con.execute("SELECT mode FROM control.run").fetchone() or ("full",)
        scope = audit_scope(con, asked=night.full_audit)
        kept = frozenset() if only else read_kept_nodes(con)
    if scope == "full":
        # A full audit looks at what is kept too.
        kept = frozenset(name for name in kept if not name.startswith("test."))
    if not selected_names(nodes, kept):
        return None, kept
    # Unit tests prove the code, not the night's data; they run with the tests of the project.
    arguments = ["--exclude-resource-type", "unit_test", *(["--full-refresh"] if mode == "full" else [])]
    if only:
        arguments += ["--select", *only]
    elif kept:
        # By name and by name only, so that a test of several models runs when one of them has changed.
        arguments += ["--indirect-selection", "empty", "--select", "fqn:*", "--exclude", *kept_names(nodes, kept)]
    return DbtBuild(night.settings, arguments, night.run_id, **{VARIABLE: scope}), kept


def build_models(night: Night, planned: Plan, kept: frozenset[str]) -> int:
    """Build and test what is planned; returns how many tests passed.

    Raises:
        DbtFailure: a model or test failed, or dbt did not finish.
    """
    build, _ = planned_build(night, read_manifest(night.settings)["nodes"])
    if build is None:
        return 0
    passed = sum(result.status == "pass" for result in build.results())
    if build.failure:
        raise DbtFailure(build.failure)
    return passed


def audit_marts(night: Night) -> list[str]:
    """What is wrong with the marts that were built; empty when nothing is."""
    kept = read_control(night.settings).kept_models
    suites = [suite for suite in mart_suites() if suite.mart not in kept]
    return [failure for suite in suites for failure in check_mart(night.settings, suite, night.run_id)[0]]


def run_night(
    night: Night,
    *,
    manifest: Callable[[Settings], Manifest] = read_manifest,
    build: Callable[[Night, Plan, frozenset[str]], int] = build_models,
    publish: Callable[..., PublishRow] = publish_build,
    is_audited: bool = True,
) -> NightReport:
    """The whole night, for whoever holds the writer's lock.

    Args:
        manifest: gives dbt's manifest.
        build: builds what is planned, and returns how many tests passed.
        publish: makes the build what readers see; see ``publish_build``.
        is_audited: whether rows and marts are checked besides dbt's tests.

    Raises:
        AuditFailed: what readers see is as it was.
    """
    prepared = check_reference(night)
    open_ledger(night)
    loaded: dict[str, IngestReport] = {}
    for family in SOURCES:
        loaded |= load_source(night, family)
        if is_audited:
            _require_none(audit_source(night, family))
    planned, kept = plan_night(night, prepared, manifest)
    passed = build(night, planned, kept)
    if is_audited:
        _require_none(audit_marts(night))
    published = publish(night.settings, run_id=night.run_id, checks_passed=passed, reference=prepared)
    return NightReport(planned, kept, published, loaded)


def _require_none(failures: list[str]) -> None:
    if failures:
        raise AuditFailed("\n".join(failures))
