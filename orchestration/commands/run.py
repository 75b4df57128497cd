"""Run a job of the Dagster definitions in this process, and say what happened."""

from __future__ import annotations

import warnings
from datetime import UTC, datetime
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from orchestration.build.outcome import RunOutcome
from orchestration.build.quiet import nothing_new_since
from orchestration.commands.console import EXIT_FAILED, CommandError, err, out, plain
from orchestration.settings import Settings
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
_LINE = 400
PUBLISH_STEPS = ("hash", "copy", "parquet", "switch")


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
            outcome = _run(settings, job, instant, parameters)
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


def _run(settings: Settings, job: str, as_of: datetime, parameters: dict[str, Any]) -> RunOutcome:
    warnings.filterwarnings("ignore")
    with err.status("reading the dbt project"):
        from orchestration.build.dbt import DbtFailure

        try:
            from orchestration.definitions import defs
        except DbtFailure as error:
            raise CommandError(str(error), EXIT_FAILED) from error
        from orchestration.graph.run import run_job
    with _stages(settings):
        return run_job(defs, settings, job, as_of=as_of, **parameters)


def _shortened(line: str) -> str:
    return line if len(line) <= _LINE else f"{line[:_LINE]}..."


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
