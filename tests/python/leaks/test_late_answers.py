"""A repeated prompt leaks because of an answer of days before, which may arrive later than the repetition itself."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pipeline.engine import Engine, Night, Warehouse
from pipeline.random_company import first_reference, write_reference

START = datetime(2026, 7, 1, tzinfo=UTC)
AS_OF = START + timedelta(days=20, hours=6)
NOON = START + timedelta(days=5, hours=12)
# What the plan of the next night reads, and what is asked here.
MODELS = ("+leaks_daily", "+use_case_daily", "+sla_events")
LIFETIME_HOURS = 72


def _row(attempt_id: str, at: datetime, **more: Any) -> dict[str, Any]:
    return {
        "attempt_id": attempt_id, "use_case": "claims", "provider": "acme", "model": "big", "status": "success",
        "started_at": at.isoformat(), "ended_at": (at + timedelta(seconds=5)).isoformat(), "input_tokens": 1000,
        "output_tokens": 100, "prompt_hash": "p", "outcome_id": f"o-{attempt_id}",
    } | more  # fmt: skip


def _land(warehouse: Warehouse, name: str, *rows: dict[str, Any]) -> None:
    folder = warehouse.landing / "inference"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def _days_around_the_late_answer() -> list[dict[str, Any]]:
    failed = NOON + timedelta(days=3, hours=-1)
    return [
        _row("one-day-later", NOON + timedelta(days=1)),
        _row("near-the-end", NOON + timedelta(hours=71, seconds=5)),
        # An outcome that ends days after the repetition: its day in the marts is another than the attempt's.
        _row("two-days-later", NOON + timedelta(days=2), outcome_id="long", prompt_hash="q"),
        _row("end-of-long", NOON + timedelta(days=9), outcome_id="long", prompt_hash=None),
        _row("failed", failed, request_id="r", status="timeout", prompt_hash="z"),
        _row("retried-next-day", failed + timedelta(days=1), request_id="r", prompt_hash="z"),
        _row("another-day", NOON + timedelta(days=12), prompt_hash="other"),
    ]


def _ends_of_the_lifetime() -> list[dict[str, Any]]:
    """Failed calls, so that none of them answers the next one."""
    at = START + timedelta(days=13)
    answered = at + timedelta(seconds=5)
    over = answered + timedelta(hours=LIFETIME_HOURS)
    return [
        _row("answer", at, prompt_hash="l"),
        _row("at its instant", answered, prompt_hash="l", status="error"),
        _row("just within", over - timedelta(microseconds=1), prompt_hash="l", status="error"),
        _row("as old as the lifetime", over, prompt_hash="l", status="error"),
    ]


@pytest.fixture(scope="module")
def warehouse(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    folder = tmp_path_factory.mktemp("late")
    reference = first_reference()
    reference["use_cases"][0]["cache_lifetime_hours"] = str(LIFETIME_HOURS)
    write_reference(folder / "seeds", reference)
    warehouse = engine.warehouse(folder / "home", folder / "seeds")
    _land(warehouse, "first", *_days_around_the_late_answer(), *_ends_of_the_lifetime())
    return warehouse


@pytest.fixture(scope="module")
def before(warehouse: Warehouse) -> dict[str, Decimal]:
    assert warehouse.night(AS_OF, select=MODELS).plan.mode == "full"
    return _weak(warehouse)


@pytest.fixture(scope="module")
def night(warehouse: Warehouse, before: dict[str, Decimal]) -> Night:
    _land(warehouse, "late", *(_row(f"late-{prompt}", NOON, prompt_hash=prompt) for prompt in ("p", "q", "z")))
    return warehouse.night(AS_OF, select=MODELS)


def test_reaches_the_days_of_its_lifetime(warehouse: Warehouse, before: dict, night: Night) -> None:
    """Mistake caught: only the day of the late answer is built again, so that repetitions of the days after it,
    and a retry on the day after those, stay productive."""
    assert night.plan.mode == "incremental"
    assert [str(day) for day in night.days] == ["2026-07-06"]
    usual, cheap_day = Decimal("0.0205"), Decimal("0.02")
    assert before == {"2026-07-09": usual}
    assert _weak(warehouse) == {
        "2026-07-07": usual, "2026-07-09": usual, "2026-07-10": cheap_day, "2026-07-15": usual,
    }  # fmt: skip


def test_nothing_counts_twice(warehouse: Warehouse, night: Night) -> None:
    """Mistake caught: days are built again without the old rows being deleted, or deleted and not built."""
    with warehouse.marts() as con:
        different = con.execute(
            "select * from leaks_daily full join use_case_daily using (day, use_case)"
            " where leaks_daily.inference_cost is distinct from use_case_daily.inference_cost"
        ).fetchall()
        counted = con.execute("select sum(attempts), count(distinct day) from leaks_daily").fetchone()
    assert different == []
    assert counted == (14, 8)


def test_lifetime_is_half_open(warehouse: Warehouse, night: Night) -> None:
    """Mistake caught: an answer that is exactly as old as the lifetime still counts, or one of the same instant."""
    with warehouse.marts() as con:
        con.execute("set search_path = 'intermediate'")
        found = con.execute(
            "select attempt_id from int_attempt_leaks where weak_cache_gross_cost > 0 and outcome_id in"
            " ('o-answer', 'o-at its instant', 'o-just within', 'o-as old as the lifetime')"
        ).fetchall()
    assert found == [("just within",)]


def _weak(warehouse: Warehouse) -> dict[str, Decimal]:
    with warehouse.marts() as con:
        found = con.execute("select cast(day as varchar), weak_cache_cost from leaks_daily where weak_cache_cost > 0")
        return dict(found.fetchall())
