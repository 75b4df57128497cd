"""Run a job of the Dagster definitions in this process, and say what happened."""

from __future__ import annotations

import logging
import os
import shutil
import warnings
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from orchestration.build.quiet import nothing_new_since
from orchestration.commands.console import EXIT_FAILED, CommandError, err, out, plain
from orchestration.settings import PROJECT_DIR, Settings
from orchestration.warehouse.lock import writer_lock

# Stage names in the order of a run, and what the steps of each are called.
STAGES = {
    "reference data": ("reference__", "ledger"),
    "landing files": ("raw__",),
    "checks of new rows": (),
    "plan of days": ("plan__",),
    "models and tests": ("dbt_build",),
    "audit of marts": (),
    "publish": ("published",),
    "alerts": ("alerts",),
    "dashboard": ("dashboard",),
}
CHECKS_OF_ROWS = ("_rows_are_accounted_for", "_new_rows_are_sound")
CHECKS_OF_MARTS = ("_is_sound",)
_LISTED = 20
_RUNS_KEPT = 90
_LINE = 400
PUBLISH_STEPS = ("hash", "copy", "parquet", "switch")


@dataclass
class RunOutcome:
    """How a run ended: what failed and why, and the publish that readers see now."""

    success: bool
    failures: list[str] = field(default_factory=list)
    published: dict[str, Any] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """What a run that went well has done."""
        publish_id = self.published.get("publish_id", "")
        return f"published {publish_id}" if self.published.get("is_new") else f"nothing new since {publish_id}"


def run_or_fail(settings: Settings, job: str, *, as_of: datetime | None, **parameters: Any) -> RunOutcome:
    """Run a job and print its stages.

    Raises:
        RunInProgress: another run holds the warehouse.
        CommandError: the run failed; the sentence names each failed step, check, model or test.
    """
    settings.make_folders()
    instant = as_of or datetime.now(UTC)
    with writer_lock(settings):
        kept = nothing_new_since(settings, instant) if job == "nightly" and not parameters else None
        if kept is not None:
            outcome = RunOutcome(True, published={"publish_id": kept})
            _after_a_quiet_night(settings, kept)
        else:
            outcome = run_job(settings, job, as_of=instant, **parameters)
    if not outcome.success:
        reasons = "\n".join(f"  {_shortened(line)}" for line in outcome.failures[:_LISTED]) or "  no reason was given"
        if len(outcome.failures) > _LISTED:
            reasons += f"\n  and {len(outcome.failures) - _LISTED} more"
        kept = "the build before it is still published" if settings.published_database.exists() else "nothing published"
        raise CommandError(f"the run failed, {kept}:\n{reasons}", EXIT_FAILED)
    out.print(plain(outcome.sentence), style="green")
    return outcome


def _after_a_quiet_night(settings: Settings, publish_id: str) -> None:
    """What a night owes readers whether or not anything is new: alerts that wait, and pages of what is published."""
    from orchestration.alerts.outbox import send_alerts
    from orchestration.publish.files import dashboard_shows

    try:
        report = send_alerts(settings)
        if report.queued or report.sent or report.failures:
            out.print(plain(f"alerts: {report.sentence()}"), style="yellow" if report.failures else None)
    except Exception as error:
        # The kind only: an error of the network may hold the address, which is a secret.
        err.print(f"alerts were not sent ({type(error).__name__}); the next run tries again", style="yellow")
    try:
        if not dashboard_shows(settings, publish_id):
            from orchestration.dashboard.site import build_site

            build_site(settings)
    except Exception as error:
        err.print(plain(f"the dashboard was not made ({type(error).__name__}: {error})"), style="yellow")


def run_job(settings: Settings, job: str, *, as_of: datetime, **parameters: Any) -> RunOutcome:
    """Execute a job in this process, with Dagster's storage in the state folder."""
    warnings.filterwarnings("ignore")
    prepare_dagster_home(settings)
    with err.status("reading the dbt project"):
        import dagster as dg

        from orchestration.build.dbt import DbtFailure
        from orchestration.graph.jobs import as_of_config

        try:
            from orchestration.definitions import defs
        except DbtFailure as error:
            raise CommandError(str(error), EXIT_FAILED) from error

    logging.getLogger("dagster").setLevel(logging.CRITICAL)
    config = as_of_config(as_of.isoformat(), **parameters) | {"loggers": {"stages": {"config": {}}}}
    with dg.DagsterInstance.from_config(str(settings.dagster_dir)) as instance, _stages(settings):
        result = defs.resolve_job_def(job).execute_in_process(
            run_config=config, instance=instance, raise_on_error=False
        )
        _forget_old_runs(instance)
        return RunOutcome(result.success, failures_of(result.all_events), _published(result.all_events))


def _forget_old_runs(instance: Any) -> None:
    """Dagster keeps every event of every run, a few megabytes each, for ever; the last quarter is kept here."""
    for run in instance.get_runs()[_RUNS_KEPT:]:
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


def _shortened(line: str) -> str:
    return line if len(line) <= _LINE else f"{line[:_LINE]}..."


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


class _stages:
    """Shows the stages of the run while it goes on."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._progress = Progress(
            TextColumn("{task.description:<20}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[note]}"),
            console=out,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> None:
        from orchestration.graph.stage_log import listen

        totals = self._totals()
        for name in STAGES:
            self._tasks[name] = self._progress.add_task(name, total=totals[name], note="", start=False)
        self._stop = listen(self._hear)
        self._progress.start()

    def __exit__(self, *_error: object) -> None:
        self._stop()
        self._progress.stop()

    def _totals(self) -> dict[str, int]:
        from orchestration.build.dbt import node_count
        from orchestration.quality.marts import mart_suites
        from orchestration.sources.registry import SOURCES

        sources = len(SOURCES)
        return {
            "reference data": 2,
            "landing files": sources,
            "checks of new rows": sources * len(CHECKS_OF_ROWS),
            "plan of days": 1,
            "models and tests": node_count(self._settings),
            "audit of marts": len(mart_suites()),
            "publish": len(PUBLISH_STEPS),
            "alerts": 1,
            "dashboard": 1,
        }

    def _hear(self, kind: str, step: str, text: str) -> None:
        stage = stage_of(step)
        if stage is None:
            return
        task = self._tasks[stage]
        if stage == "plan of days" and kind == "STEP_SUCCESS":
            self._leave_out_what_is_kept()
        if kind == "STEP_START":
            self._progress.start_task(task)
        elif kind == "STEP_FAILURE":
            self._progress.update(task, note="failed")
        elif stage == "models and tests":
            if kind in ("ASSET_MATERIALIZATION", "ASSET_CHECK_EVALUATION", "ASSET_OBSERVATION"):
                self._advance(task)
            elif kind == "STEP_SUCCESS":
                # Unit tests and tests of sources leave no event of their own.
                self._progress.update(task, completed=self._progress.tasks[task].total)
        elif stage == "publish":
            if text in PUBLISH_STEPS:
                self._progress.update(task, advance=1, note=text)
            elif kind == "STEP_SUCCESS":
                self._progress.update(task, completed=len(PUBLISH_STEPS), note="")
        elif kind == "STEP_SUCCESS":
            self._advance(task)
        if kind == "WARNING":
            self._progress.console.print(plain(text), style="yellow")

    def _leave_out_what_is_kept(self) -> None:
        """Count only what will run, once the plan has said what stays as it is."""
        from orchestration.publish.control import read_control
        from orchestration.quality.marts import mart_suites

        control = read_control(self._settings)
        kept_marts = sum(suite.mart in control.kept_models for suite in mart_suites())
        for stage, kept in (("models and tests", len(control.kept_nodes)), ("audit of marts", kept_marts)):
            task = self._progress.tasks[self._tasks[stage]]
            note = f"{kept} unchanged" if kept else ""
            self._progress.update(task.id, total=(task.total or 0) - kept, note=note)

    def _advance(self, task: TaskID) -> None:
        found = self._progress.tasks[task]
        if found.total is None or found.completed < found.total:
            self._progress.advance(task)


def stage_of(step: str) -> str | None:
    """The stage that a Dagster step belongs to."""
    if step.endswith(CHECKS_OF_ROWS):
        return "checks of new rows"
    if step.endswith(CHECKS_OF_MARTS):
        return "audit of marts"
    return next((name for name, starts in STAGES.items() if starts and step.startswith(starts)), None)
