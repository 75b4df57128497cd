"""Reference data, the plan of days, and every dbt model as an asset."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg

from orchestration.build.dbt import NodeResult
from orchestration.build.night import check_reference, plan_night, planned_build
from orchestration.graph.dbt_graph import DbtGraph
from orchestration.graph.failures import explained
from orchestration.graph.keys import LEDGER, PLAN, REFERENCE, raw_key
from orchestration.graph.run_parameters import RunParameters, WriterLock
from orchestration.sources.registry import SOURCES


@dg.asset(
    key=REFERENCE,
    group_name="reference",
    kinds={"csv"},
    description="Reference data that people edit, checked as a whole before anything is loaded.",
)
def reference(
    context: dg.AssetExecutionContext, writer_lock: WriterLock, run_parameters: RunParameters
) -> dg.MaterializeResult:
    with explained("reference data"):
        prepared = check_reference(run_parameters.night(context))
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
    with explained("planning"):
        planned, kept = plan_night(run_parameters.night(context), prepared)
    metadata = {"mode": planned.mode, "reason": planned.reason, "days": len(planned.days), "kept": len(kept)}
    return dg.MaterializeResult(metadata=metadata)


def model_assets(manifest: Path) -> dg.AssetsDefinition:
    """Every dbt model and seed as an asset, and every dbt test as an asset check."""
    dbt = json.loads(manifest.read_text(encoding="utf-8"))
    graph = DbtGraph(dbt)

    @dg.multi_asset(name="dbt_build", specs=graph.asset_specs(), check_specs=graph.check_specs(), can_subset=True)
    def dbt_build(
        context: dg.AssetExecutionContext, writer_lock: WriterLock, run_parameters: RunParameters
    ) -> Iterator[Any]:
        only = graph.names(set(context.selected_asset_keys)) if context.is_subset else ()
        build, kept = planned_build(run_parameters.night(context), dbt["nodes"], only)
        untold = {name for name in kept if name in graph.keys}
        if build is not None:
            for result in build.results():
                yield from _left_as_they_were(graph, dbt["nodes"], [result.unique_id], untold)
                yield from _events(graph, result)
            if build.failure:
                raise dg.Failure(build.failure, allow_retries=False)
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
