"""A night with nothing to do ends before anything heavy starts; whatever might matter starts it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from alerts.receiver import LocalReceiver
from pydantic import SecretStr

from orchestration.build import quiet
from orchestration.build.quiet import nothing_new_since
from orchestration.commands.run import run_or_fail
from orchestration.publish.files import builds_dir, switch_dashboard
from orchestration.publish.ledger import read_publishes
from orchestration.publish.publish import publish_build
from orchestration.reference import prepare
from orchestration.settings import PROJECT_DIR, Settings
from orchestration.sources.loading import load_folder

# As in conftest.
AS_OF = datetime(2026, 9, 28, 6, tzinfo=UTC)
CALL = (
    '{"attempt_id": "a1", "provider": "openai", "model": "gpt-4o", "started_at": "2026-09-01T10:00:00Z",'
    ' "status": "success", "input_tokens": 1, "output_tokens": 1}\n'
)
HEAVY = ("dagster", "dbt", "pandas", "great_expectations")


@pytest.fixture
def settled(settings: Settings, make_build: Callable[..., None], tmp_path: Path) -> Settings:
    """A warehouse whose last night published all that has landed, with seeds of its own."""
    shutil.copytree(PROJECT_DIR / "seeds", tmp_path / "seeds", ignore=shutil.ignore_patterns("*.yml"))
    settings = settings.model_copy(update={"seeds": tmp_path / "seeds"})
    landed = settings.home / "landing" / "inference" / "calls.jsonl"
    landed.parent.mkdir(parents=True)
    landed.write_text(CALL, encoding="utf-8")
    with duckdb.connect(str(settings.raw_database)) as con:
        load_folder(con, "inference", run_id="r1", as_of=AS_OF, settings=settings)
    make_build("r1", 1)
    with duckdb.connect(str(settings.build_database)) as con:
        con.execute("SET TimeZone = 'UTC'")
        con.execute(
            "CREATE SCHEMA intermediate;"
            " CREATE TABLE intermediate.int_gate_windows (released_at TIMESTAMPTZ);"
            " CREATE TABLE marts.outcomes (outcome_id VARCHAR, day DATE, acceptance_window_closes_at TIMESTAMPTZ);"
            " CREATE TABLE marts.sla_events (outcome_id VARCHAR, day DATE, due_at TIMESTAMPTZ, status VARCHAR,"
            " stopped_at TIMESTAMPTZ, breaches_at TIMESTAMPTZ)"
        )
    row = publish_build(settings, run_id="r1", checks_passed=1, reference=prepare(settings))
    site = settings.published_dir / "dashboards" / f"{row.publish_id}.0"
    site.mkdir(parents=True)
    switch_dashboard(settings, site)
    return settings


def _publish_id(settings: Settings) -> str:
    with duckdb.connect(str(settings.raw_database)) as con:
        return read_publishes(con)[-1].publish_id


def _execute(path: Path, statement: str, *values: object) -> None:
    with duckdb.connect(str(path)) as con:
        con.execute("SET TimeZone = 'UTC'")
        con.execute(statement, list(values))


def test_the_same_night_again_starts_nothing(settled: Settings) -> None:
    """Mistake caught: half a minute of imports to find out that nothing is new, and an equal build that takes the place
    of one that is kept."""
    code = (
        "import sys; from orchestration.cli import app\n"
        f"try: app(['nightly', '--as-of', '{AS_OF.isoformat()}'])\n"
        f"finally: print([name for name in {HEAVY} if name in sys.modules])"
    )
    variables = {"FINOPS_HOME": str(settled.home), "FINOPS_SEEDS": str(settled.seeds), "PATH": ""}
    done = subprocess.run(
        [sys.executable, "-c", code], env=variables, cwd=PROJECT_DIR, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert f"nothing new since {_publish_id(settled)}" in done.stdout
    assert done.stdout.endswith("[]\n")
    assert [path.name for path in builds_dir(settled).iterdir()] == [_publish_id(settled)]
    assert not (settled.dagster_dir / "history").exists()


def test_a_file_that_was_touched_and_holds_what_it_held_is_remembered(settled: Settings) -> None:
    """Mistake caught: a copy that sets new times starts a run each night."""
    landed = settled.home / "landing" / "inference" / "calls.jsonl"
    landed.touch()
    assert nothing_new_since(settled, AS_OF) == _publish_id(settled)


def _new_file(settings: Settings) -> None:
    (settings.home / "landing" / "inference" / "more.jsonl").write_text(CALL, encoding="utf-8")


def _rewritten_file(settings: Settings) -> None:
    (settings.home / "landing" / "inference" / "calls.jsonl").write_text(CALL * 2, encoding="utf-8")


def _changed_seed(settings: Settings) -> None:
    path = settings.seeds_dir / "owners.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("@", "@new."), encoding="utf-8")


def _killed_run(settings: Settings) -> None:
    _execute(settings.raw_database, "UPDATE control.run SET run_id = 'killed'")


def _killed_publish(settings: Settings) -> None:
    (settings.warehouse_dir / "pending_publish.json").write_text("{}", encoding="utf-8")


def _build_by_hand(settings: Settings) -> None:
    _execute(settings.build_database, "UPDATE marts.attempts SET cost = 7 WHERE attempt_id = 1")


def _lost_build(settings: Settings) -> None:
    settings.build_database.unlink()


def _wrong_seed(settings: Settings) -> None:
    (settings.seeds_dir / "unheard_of.csv").write_text("a\n", encoding="utf-8")


@pytest.mark.parametrize(
    "happens",
    [
        _new_file, _rewritten_file, _changed_seed, _killed_run, _killed_publish, _build_by_hand, _lost_build,
        _wrong_seed,
    ],
)  # fmt: skip
def test_anything_new_is_not_quiet(settled: Settings, happens: Callable[[Settings], None]) -> None:
    """Mistake caught: figures of yesterday, or a half-built warehouse, taken for finished."""
    happens(settled)
    assert nothing_new_since(settled, AS_OF) is None


def test_changed_code_or_checks_are_not_quiet(settled: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mistake caught: a model that is changed by day and not built by night."""
    with monkeypatch.context() as patch:
        patch.setattr(quiet, "code_hash", lambda: "other")
        assert nothing_new_since(settled, AS_OF) is None
    monkeypatch.setattr(quiet, "audit_mark", lambda _settings: "other")
    assert nothing_new_since(settled, AS_OF) is None


INSTANTS = {
    "an acceptance window closes": "INSERT INTO marts.outcomes VALUES ('o1', DATE '2026-09-14', ?)",
    "a clock is breached": "INSERT INTO marts.sla_events VALUES ('o1', DATE '2026-09-27', ?1, 'met', ?1, ?1)",
    "a release is watched": "INSERT INTO intermediate.int_gate_windows VALUES (?)",
    "a rate begins": "CREATE TABLE reference.rates AS SELECT ?::TIMESTAMPTZ AS valid_from",
}


@pytest.mark.parametrize("statement", [None, *INSTANTS.values()], ids=["nothing", *INSTANTS])
def test_later_on_the_same_day(
    settings: Settings, settled: Settings, statement: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mistake caught: a window, a clock, a rate or an hour of a release's watch that passes unnoticed."""
    later = AS_OF + timedelta(hours=1)
    if statement:
        _execute(settled.build_database, statement, AS_OF + timedelta(minutes=30))
        mark = quiet.audit_mark(settled)
        _execute(settled.raw_database, "UPDATE ledger.finished_runs SET audit_mark = ?", mark)
    assert nothing_new_since(settled, AS_OF) == _publish_id(settled)
    assert nothing_new_since(settled, later) == (None if statement else _publish_id(settled))


def test_another_day_and_an_earlier_time_are_not_quiet(settled: Settings) -> None:
    """Mistake caught: budgets of days that stand still, and a report of an earlier time that is not made."""
    assert nothing_new_since(settled, AS_OF + timedelta(days=1)) is None
    assert nothing_new_since(settled, AS_OF - timedelta(hours=1)) is None


def test_alerts_that_wait_are_sent_all_the_same(settled: Settings) -> None:
    """Mistake caught: an owner who is not told because nothing landed since."""
    receiver = LocalReceiver()
    receiver.start()
    try:
        _execute(
            settled.raw_database,
            "INSERT INTO ledger.alert_outbox (alert_key, owner, use_case, budget, month, budget_revision, threshold,"
            " crossed_day, spent_amount, limit_amount, escalate_to, is_restated, publish_id, state, attempts,"
            " queued_at, next_attempt_at) VALUES ('k', 'ana', 'u', 'production', DATE '2026-09-01', 1, 'soft',"
            " DATE '2026-09-27', 80, 100, 'head', false, 'p', 'pending', 0, ?1, ?1)",
            AS_OF,
        )
        told = settled.model_copy(update={"alert_webhook_url": SecretStr(receiver.url), "alert_allow_private": True})
        outcome = run_or_fail(told, "nightly", as_of=AS_OF)
    finally:
        receiver.stop()
    assert outcome.sentence == f"nothing new since {_publish_id(settled)}"
    assert len(receiver.requests) == 1


# What uses the run's instant and compares it with none that is stored: why a quiet night knows of it all the same.
OTHER_USES = {
    "int_sla_clocks": "a clock that runs on late is a day that the plan touches",
    "gate_watch_hourly": "no night is quiet within 73 hours of a release",
}


def test_models_compare_the_time_of_the_run_with_stored_instants_only() -> None:
    """Mistake caught: a new model with an instant of its own making (an hour, a limit), of which a quiet night, which
    looks for stored instants that pass, knows nothing."""
    stored = re.compile(
        r"[(' ]([a-z_]+\.)?[a-z_]+(_at|_from|_to|_until|_start) (<=|>) ('\s*~ as_of\(\)|\{\{ as_of\(\) \}\})"
    )
    odd = set()
    for path in (PROJECT_DIR / "models").rglob("*.sql"):
        for line in path.read_text(encoding="utf-8").splitlines():
            uses = line.replace("day_of(as_of())", "")
            if uses.count("as_of()") > len(stored.findall(uses)):
                odd.add(path.stem)
    assert odd == set(OTHER_USES)
