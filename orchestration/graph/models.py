"""Reference data, the plan of days, and every dbt model as an asset."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg

from orchestration.build.audit_scope import VARIABLE, audit_scope
from orchestration.build.dbt import DbtBuild, NodeResult, ensure_manifest
from orchestration.build.kept_nodes import find_changes, kept_names, kept_nodes, selected_names
from orchestration.graph.dbt_graph import DbtGraph
from orchestration.graph.failures import explained
from orchestration.graph.keys import LEDGER, PLAN, REFERENCE, raw_key
from orchestration.graph.run_parameters import RunParameters, WriterLock
from orchestration.publish.control import read_kept_nodes, write_kept_nodes
from orchestration.settings import get_settings
from orchestration.sources.registry import SOURCES
from orchestration.warehouse.database import open_database
from orchestration.warehouse.failpoint import fail_at


@dg.asset(
    key=REFERENCE,
    group_name="reference",
    kinds={"csv"},
    description="Reference data that people edit, checked as a whole before anything is loaded.",
)
def reference(context: dg.AssetExecutionContext, writer_lock: WriterLock) -> dg.MaterializeResult:
    from orchestration.reference import prepare

    settings = get_settings()
    settings.make_folders()
    with explained("reference data"):
        prepared = prepare(settings)
    return dg.MaterializeResult(value=prepared, metadata={"content": prepared.hash})


@dg.asset(
    key=PLAN,
    group_name="plan",
    ins={"prepared": dg.AssetIn(REFERENCE)},
    deps=[LEDGER, *(raw_key(family) for family in SOURCES)],
    kinds={"duckdb"},
    description="The days that new rows, late tickets and clocks, decisions or changed reference data touch.",
)
def rebuild_days(
    context: dg.AssetExecutionContext, writer_lock: WriterLock, run_parameters: RunParameters, prepared: Any
) -> dg.MaterializeResult:
    from orchestration.build.plan import plan

    settings = get_settings()
    manifest = json.loads(ensure_manifest(settings).read_text(encoding="utf-8"))
    chosen = run_parameters.chosen_days()
    with explained("planning"), open_database(settings.raw_database, settings) as con:
        as_of = run_parameters.instant(context)
        planned = plan(con, prepared, settings, as_of, context.run.run_id)
        if run_parameters.fresh and planned.mode != "full":
            con.execute("UPDATE control.run SET mode = 'full'")
        for day in chosen:
            con.execute(
                "INSERT INTO control.rebuild_days (day) SELECT ? WHERE ? NOT IN (SELECT day FROM control.rebuild_days)",
                [day, day],
            )
        (mode,) = con.execute("SELECT mode FROM control.run").fetchone() or ("full",)
        changes = find_changes(con, settings, prepared, planned, as_of, days_were_chosen=bool(chosen))
        kept = kept_nodes(manifest, changes) if mode == "incremental" else frozenset()
        write_kept_nodes(con, kept)
        con.execute("CHECKPOINT")
    days = len(set(planned.days) | set(chosen))
    return dg.MaterializeResult(metadata={"mode": mode, "reason": planned.reason, "days": days, "kept": len(kept)})


def model_assets(manifest: Path) -> dg.AssetsDefinition:
    """Every dbt model and seed as an asset, and every dbt test as an asset check."""
    dbt = json.loads(manifest.read_text(encoding="utf-8"))
    graph = DbtGraph(dbt)

    @dg.multi_asset(name="dbt_build", specs=graph.asset_specs(), check_specs=graph.check_specs(), can_subset=True)
    def dbt_build(
        context: dg.AssetExecutionContext, writer_lock: WriterLock, run_parameters: RunParameters
    ) -> Iterator[Any]:
        settings = get_settings()
        with open_database(settings.raw_database, settings) as con:
            (mode,) = con.execute("SELECT mode FROM control.run").fetchone() or ("full",)
            scope = audit_scope(con, asked=run_parameters.full_audit)
            kept = frozenset() if context.is_subset else read_kept_nodes(con)
        if scope == "full":
            # A full audit looks at what is kept too.
            kept = frozenset(name for name in kept if name in graph.keys)
        # Unit tests prove the code, not the night's data; they run with the tests of the project.
        arguments = ["--exclude-resource-type", "unit_test", *(["--full-refresh"] if mode == "full" else [])]
        if context.is_subset:
            arguments += ["--select", *graph.names(set(context.selected_asset_keys))]
        elif kept:
            # By name and by name only, so that a test of several models runs when one of them has changed.
            arguments += ["--indirect-selection", "empty", "--select", "fqn:*"]
            arguments += ["--exclude", *kept_names(dbt["nodes"], kept)]
        untold = {name for name in kept if name in graph.keys}
        if not selected_names(dbt["nodes"], kept):
            yield from _left_as_they_were(graph, dbt["nodes"], sorted(untold), untold)
            return
        build, failed = DbtBuild(settings, arguments, context.run.run_id, **{VARIABLE: scope}), []
        for result in build.results():
            fail_at("dbt")
            failed += result.sentences
            yield from _left_as_they_were(graph, dbt["nodes"], [result.unique_id], untold)
            yield from _events(graph, result)
        if failed:
            raise dg.Failure("\n".join([*failed, f"dbt's log: {build.log}"]), allow_retries=False)
        if not build.succeeded:
            raise dg.Failure(f"dbt ended without finishing; its log is {build.log}", allow_retries=False)

        yield from _left_as_they_were(graph, dbt["nodes"], sorted(untold), untold)

    return dbt_build


def _left_as_they_were(
    graph: DbtGraph, nodes: dict[str, Any], names: list[str], untold: set[str]
) -> Iterator[dg.MaterializeResult]:
    """Tell of kept nodes among these and what they read, each after what it reads, as Dagster demands."""
    for name in names:
        if name in nodes:
            parents = nodes[name]["depends_on"].get("nodes", [])
            yield from _left_as_they_were(graph, nodes, [parent for parent in parents if parent in untold], untold)
        if name in untold:
            untold.remove(name)
            yield dg.MaterializeResult(asset_key=graph.keys[name], metadata={"left_as_it_was": True})


def _events(graph: DbtGraph, result: NodeResult) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    """What the graph is told of a node: nothing of one that was skipped, or that broke before it was built."""
    key, check = graph.keys.get(result.unique_id), graph.checks.get(result.unique_id)
    if key is not None and result.is_good:
        yield dg.MaterializeResult(asset_key=key, metadata={"seconds": result.seconds})
    elif check is not None and result.status != "skipped":
        yield dg.AssetCheckResult(
            passed=result.is_good,
            asset_key=check.asset_key,
            check_name=check.name,
            severity=dg.AssetCheckSeverity.WARN if result.status == "warn" else dg.AssetCheckSeverity.ERROR,
            description="; ".join(result.said or result.sentences) or None,
        )
