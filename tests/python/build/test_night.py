"""A night without Dagster: every step in its order, and nothing published that was not audited."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from orchestration.build import night as nights
from orchestration.build.night import AuditFailed, Night, run_night
from orchestration.settings import Settings

NIGHT = datetime(2026, 9, 28, 6, tzinfo=UTC)
NOTHING = {"nodes": {}, "sources": {}}


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the steps in the order in which they end."""
    taken: list[str] = []
    for name in ("check_reference", "open_ledger", "load_source", "audit_source", "plan_night", "audit_marts"):
        step = getattr(nights, name)

        def run(*arguments, step=step, name=name):
            done = step(*arguments)
            taken.append(name)
            return done

        monkeypatch.setattr(nights, name, run)
    return taken


def run(settings: Settings, steps: list[str]):
    def build(*_planned) -> int:
        steps.append("build")
        return 7

    def publish(_settings, *, checks_passed: int, **_rest):
        steps.append("publish")
        return checks_passed

    night = Night(settings, "r1", NIGHT)
    return run_night(night, manifest=lambda _settings: NOTHING, build=build, publish=publish)


def test_every_source_is_loaded_and_audited_before_the_plan_and_marts_before_the_publish(
    settings, steps, monkeypatch
) -> None:
    """Catches a plan that misses the last source, and a publish before its audit."""
    # There is no dbt here that would make the marts.
    monkeypatch.setattr(nights, "mart_suites", list)
    report = run(settings, steps)
    kinds = len(nights.SOURCES)
    loading = ["load_source", "audit_source"] * kinds
    assert steps == ["check_reference", "open_ledger", *loading, "plan_night", "build", "audit_marts", "publish"]
    assert report.published == 7
    assert (report.plan.mode, report.loaded) == ("full", {})


@pytest.mark.parametrize("step", ["audit_source", "audit_marts"])
def test_what_is_not_sound_is_not_published(settings, steps, monkeypatch, step: str) -> None:
    """Catches an audit whose findings nobody acts upon."""
    monkeypatch.setattr(nights, step, lambda *_: ["marts.attempts: cost is negative"])
    with pytest.raises(AuditFailed, match="cost is negative"):
        run(settings, steps)
    assert "publish" not in steps
