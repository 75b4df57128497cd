"""One run of a job in this process, and what became of it."""

from __future__ import annotations

import logging
import os
import shutil
from datetime import datetime
from typing import Any

import dagster as dg

from orchestration.build.outcome import RunOutcome
from orchestration.graph.jobs import as_of_config
from orchestration.settings import PROJECT_DIR, Settings

RUNS_KEPT = 90


def run_job(defs: dg.Definitions, settings: Settings, job: str, *, as_of: datetime, **parameters: Any) -> RunOutcome:
    """Execute a job in this process, with Dagster's storage in the state folder."""
    prepare_dagster_home(settings)
    logging.getLogger("dagster").setLevel(logging.CRITICAL)
    config = as_of_config(as_of.isoformat(), **parameters) | {"loggers": {"stages": {"config": {}}}}
    with dg.DagsterInstance.from_config(str(settings.dagster_dir)) as instance:
        result = defs.resolve_job_def(job).execute_in_process(
            run_config=config, instance=instance, raise_on_error=False
        )
        _forget_old_runs(instance)
        return RunOutcome(result.success, failures_of(result.all_events), _published(result.all_events))


def _forget_old_runs(instance: Any) -> None:
    """Dagster keeps every event of every run, a few megabytes each, for ever; the last quarter is kept here."""
    for run in instance.get_runs()[RUNS_KEPT:]:
        if run.is_finished:
            instance.delete_run(run.run_id)


def prepare_dagster_home(settings: Settings) -> None:
    """Dagster's storage stays in the state folder; its telemetry is off."""
    settings.dagster_dir.mkdir(parents=True, exist_ok=True)
    # Steps hand the checked reference data on through this folder, and rates and contacts are not for everyone.
    settings.dagster_dir.chmod(0o700)
    shutil.copyfile(PROJECT_DIR / "dagster.yaml", settings.dagster_dir / "dagster.yaml")
    os.environ["DAGSTER_HOME"] = str(settings.dagster_dir)


def failures_of(events: list[Any]) -> list[str]:
    """One line for each check that failed and each step that broke, without what only followed from it."""
    lines = []
    for event in events:
        if event.event_type_value == "ASSET_CHECK_EVALUATION":
            check = event.asset_check_evaluation_data
            # Warnings and dbt's tests are not repeated: those are in the failure of the dbt step.
            if not check.passed and check.severity.value == "ERROR" and event.step_key != "dbt_build":
                name = f"{check.asset_key.to_user_string()}: {check.check_name}"
                lines.append(f"check {name}: {check.description or 'failed'}")
        elif event.event_type_value == "STEP_FAILURE":
            data = event.step_failure_data
            if data.error is not None and "DagsterAssetCheckFailedError" in (data.error.cls_name or ""):
                continue
            lines += _reasons(data)
        elif event.event_type_value in ("PIPELINE_FAILURE", "RUN_FAILURE") and not lines:
            error = getattr(event.event_specific_data, "first_step_failure_event", None) or event.event_specific_data
            if getattr(error, "error", None) is not None:
                lines.append(_last_cause(error.error))
    return lines


def _reasons(data: Any) -> list[str]:
    if data.user_failure_data is not None and data.user_failure_data.description:
        return data.user_failure_data.description.splitlines()
    return [_last_cause(data.error)] if data.error is not None else []


def _last_cause(error: Any) -> str:
    while error.cause is not None:
        error = error.cause
    return error.message.strip().partition(": ")[2] or error.message.strip()


def _published(events: list[Any]) -> dict[str, Any]:
    for event in events:
        if event.event_type_value == "ASSET_MATERIALIZATION" and event.asset_key.path[-1] == "published":
            return {name: value.value for name, value in event.materialization.metadata.items()}
    return {}
