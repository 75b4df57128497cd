"""The audit of the marts, and the publish that depends on every check."""

from collections.abc import Iterable
from typing import Any

import dagster as dg

from orchestration.graph.failures import AuditIncomplete, explained
from orchestration.graph.keys import PUBLISHED, REFERENCE
from orchestration.graph.run_parameters import WriterLock
from orchestration.publish.control import read_control
from orchestration.publish.publish import publish_build
from orchestration.quality.marts import check_mart, mart_suites
from orchestration.quality.suites import Suite
from orchestration.settings import get_settings


def mart_checks(models: dg.AssetsDefinition) -> list[dg.AssetChecksDefinition]:
    """A blocking check for each mart that has a suite."""
    marts = {key.path[-1]: key for key in models.keys if key.path[0] == "marts"}
    return [_mart_check(suite, marts[suite.mart]) for suite in mart_suites() if suite.mart in marts]


def _mart_check(suite: Suite, key: dg.AssetKey) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=key,
        name="is_sound",
        blocking=True,
        description=f"Great Expectations: {suite.promise}",
    )
    def check(context: dg.AssetCheckExecutionContext, writer_lock: WriterLock) -> dg.AssetCheckResult:
        if suite.mart in read_control(get_settings()).kept_models:
            return dg.AssetCheckResult(passed=True, metadata={"left_as_it_was": True})
        with explained(f"checking {suite.mart}"):
            failures, rows = check_mart(get_settings(), suite, context.run.run_id)
        text = "; ".join(failures)
        return dg.AssetCheckResult(passed=not failures, description=text or None, metadata={"rows": rows})

    return check


def published_asset(models: dg.AssetsDefinition, checks: Iterable[dg.AssetChecksDefinition]) -> dg.AssetsDefinition:
    """The published build: after every mart and every check."""
    marts = sorted(key for key in models.keys if key.path[0] == "marts")
    needed = {key for check in checks for key in check.check_keys}

    @dg.asset(
        key=PUBLISHED,
        group_name="publish",
        deps=marts,
        ins={"prepared": dg.AssetIn(REFERENCE)},
        kinds={"duckdb", "parquet"},
        description="What analysts open: the audited marts as one database and as Parquet, switched in one step.",
    )
    def published(context: dg.AssetExecutionContext, writer_lock: WriterLock, prepared: Any) -> dg.MaterializeResult:
        settings = get_settings()
        with explained("publishing"):
            runs = _runs_of_this_attempt(context)
            if read_control(settings).run_id not in runs:
                raise AuditIncomplete("the build was made by another run; start the nightly job again")
            passed = _require_checks(context.instance, runs, needed)
            row = publish_build(
                settings,
                run_id=context.run.run_id,
                checks_passed=passed,
                reference=prepared,
                progress=context.log.info,
            )
        return dg.MaterializeResult(
            metadata={
                "publish_id": row.publish_id,
                "is_new": row.run_id == context.run.run_id,
                "content_hash": row.content_hash,
                "checks_passed": passed,
                "database": str(settings.published_database),
            }
        )

    return published


def _runs_of_this_attempt(context: dg.AssetExecutionContext) -> list[str]:
    """This run and those that it re-executes, oldest first."""
    runs = [context.run]
    while runs[0].parent_run_id:
        parent = context.instance.get_run_by_id(runs[0].parent_run_id)
        if parent is None:
            break
        runs.insert(0, parent)
    return [run.run_id for run in runs]


def _require_checks(instance: dg.DagsterInstance, runs: list[str], needed: set[dg.AssetCheckKey]) -> int:
    """How many checks passed.

    Raises:
        AuditIncomplete: one failed, or one that must have run left no record.
    """
    latest: dict[dg.AssetCheckKey, dg.AssetCheckEvaluation] = {}
    for run_id in runs:
        for entry in instance.all_logs(run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION):
            evaluation = entry.get_dagster_event().asset_check_evaluation_data
            latest[dg.AssetCheckKey(evaluation.asset_key, evaluation.check_name)] = evaluation
    failed = sorted(
        str(key.to_user_string())
        for key, evaluation in latest.items()
        if not evaluation.passed and evaluation.severity == dg.AssetCheckSeverity.ERROR
    )
    if failed:
        raise AuditIncomplete(f"these checks failed: {', '.join(failed)}")
    missing = sorted(key.to_user_string() for key in needed - set(latest))
    if missing:
        raise AuditIncomplete(f"these checks left no record: {', '.join(missing)}")
    return sum(evaluation.passed for evaluation in latest.values())
