"""A company's own reference data in a folder of its own, and what its mistakes look like."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from orchestration.instants import parse_instant

from .command import Home
from .engine import Engine

AS_OF, LATER = "2026-07-05T00:00:00Z", "2026-07-06T00:00:00Z"
USE_CASES = (
    "use_case,owner,function,criticality,task_class,acceptance_window_days,quality_floor,context_limit_a,"
    "context_limit_b,context_limit_c,cache_lifetime_hours,delay_cap_minutes,valid_from,valid_to\n"
    "claims,anna,,critical,B,,,,,,,,2026-01-01,\n"
)
BUDGETS = (
    "owner,use_case,month,revision,effective_at,kind,limit_amount,currency,soft_share,hard_share,premium_limit_share,"
    "throttle_share\nanna,claims,2026-07,1,2026-07-01,production,{},USD,0.8,0.95,,\n"
)
# One million input tokens of a model that the project's own price book knows.
ATTEMPT = (
    '{"attempt_id": "a1", "use_case": "claims", "provider": "openai", "model": "gpt-4o", "status": "success",'
    ' "started_at": "2026-07-02T10:00:00Z", "input_tokens": 1000000, "output_tokens": 0}\n'
)
BURN = "SELECT limit_amount, spent_amount, status FROM owner_budget_burn WHERE owner = 'anna' AND day = '2026-07-02'"


@pytest.fixture
def seeds(tmp_path: Path) -> Path:
    folder = tmp_path / "seeds"
    folder.mkdir()
    (folder / "use_cases.csv").write_text(USE_CASES)
    (folder / "owners.csv").write_text("owner,contact,escalation_1,escalation_2\nanna,,boss,board\n")
    (folder / "budgets.csv").write_text(BUDGETS.format(100))
    return folder


def _land(landing: Path) -> None:
    (landing / "inference").mkdir(parents=True)
    (landing / "inference" / "rows.jsonl").write_text(ATTEMPT)


@pytest.mark.slow
def test_changed_budget_counts_the_next_night(engine: Engine, seeds: Path, tmp_path: Path) -> None:
    """Mistake caught: a folder of few files that is refused or mixed with the sample company's, and an edited budget
    that nobody looks at because no row is new."""
    warehouse = engine.warehouse(tmp_path / "home", seeds)
    _land(warehouse.landing)
    warehouse.night(parse_instant(AS_OF))
    with warehouse.marts() as con:
        assert con.execute(BURN).fetchall() == [(Decimal(100), Decimal("2.5"), "ok")]
        assert con.execute("SELECT DISTINCT owner FROM owner_budget_burn").fetchall() == [("anna",)]
    (seeds / "budgets.csv").write_text(BUDGETS.format(2))
    night = warehouse.night(parse_instant(LATER))
    with warehouse.marts() as con:
        assert con.execute(BURN).fetchall() == [(Decimal(2), Decimal("2.5"), "exhausted")]
    assert (night.plan.mode, night.days) == ("incremental", ())


MISTAKES = [
    ("budgets", BUDGETS.format("a lot"), "budgets.csv:2 limit_amount"),
    ("use_cases", USE_CASES + "claims,anna,,critical,B,,,,,,,,2026-05-01,\n", "use_cases.csv:3"),
    ("owner", "owner\nanna\n", "owner.csv"),
]


@pytest.mark.slow
def test_mistakes_stop_before_anything_is_loaded(lean_project: Path, seeds: Path, tmp_path: Path) -> None:
    """Mistake caught: an impossible value, an overlap or a misspelt file name that is found after rows were loaded, or
    one that hides the others."""
    home = Home(tmp_path / "home", project=lean_project, FINOPS_SEEDS=str(seeds))
    _land(home.landing)
    for file, content, _ in MISTAKES:
        (seeds / f"{file}.csv").write_text(content)
    printed = home.finops("nightly", "--as-of", LATER, expect=1)
    for _, _, place in MISTAKES:
        assert place in printed
    assert "Traceback" not in printed
    if home.settings.raw_database.exists():
        with home.raw() as con:
            assert con.execute("SELECT count(*) FROM ledger.load_files").fetchone() == (0,)
