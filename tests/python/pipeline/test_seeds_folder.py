"""A company's own reference data in a folder of its own, and what its mistakes look like."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from pipeline.command import Home

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


@pytest.fixture(scope="module")
def company(lean_project: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, Path]:
    folder = tmp_path_factory.mktemp("company")
    seeds = folder / "seeds"
    seeds.mkdir()
    (seeds / "use_cases.csv").write_text(USE_CASES)
    (seeds / "owners.csv").write_text("owner,contact,escalation_1,escalation_2\nanna,,boss,board\n")
    (seeds / "budgets.csv").write_text(BUDGETS.format(100))
    home = Home(folder / "home", project=lean_project, FINOPS_SEEDS=str(seeds))
    (home.landing / "inference").mkdir(parents=True)
    (home.landing / "inference" / "rows.jsonl").write_text(ATTEMPT)
    return home, seeds


@pytest.mark.slow
def test_changed_budget_counts_the_next_night(company: tuple[Home, Path]) -> None:
    """Mistake caught: a folder of few files that is refused or mixed with the sample company's, and an edited budget
    that nobody looks at because no row is new."""
    home, seeds = company
    home.nightly(AS_OF)
    with home.published() as con:
        assert con.execute(BURN).fetchall() == [(Decimal(100), Decimal("2.5"), "ok")]
        assert con.execute("SELECT DISTINCT owner FROM owner_budget_burn").fetchall() == [("anna",)]
    (seeds / "budgets.csv").write_text(BUDGETS.format(2))
    home.nightly(LATER)
    with home.published() as con:
        assert con.execute(BURN).fetchall() == [(Decimal(2), Decimal("2.5"), "exhausted")]
    assert home.plan() == ("incremental", 0)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "content", "place"),
    [
        ("budgets", BUDGETS.format("a lot"), "budgets.csv:2 limit_amount"),
        ("use_cases", USE_CASES + "claims,anna,,critical,B,,,,,,,,2026-05-01,\n", "use_cases.csv:3"),
        ("owner", "owner\nanna\n", "owner.csv"),
    ],
)
def test_mistake_stops_before_anything_is_loaded(
    company: tuple[Home, Path], file: str, content: str, place: str
) -> None:
    """Mistake caught: an impossible value, an overlap or a misspelt file name that is found after rows were loaded."""
    home, seeds = company
    path = seeds / f"{file}.csv"
    before = path.read_text() if path.exists() else None
    new = home.landing / "inference" / f"new-{file}.jsonl"
    new.write_text(ATTEMPT.replace("a1", f"new-{file}"))
    path.write_text(content)
    try:
        printed = home.finops("nightly", "--as-of", LATER, expect=1)
        assert place in printed
        assert "Traceback" not in printed
        if home.settings.raw_database.exists():
            with home.raw() as con:
                seen = con.execute("SELECT count(*) FROM ledger.load_files WHERE first_name LIKE '%new-%'").fetchone()
            assert seen == (0,)
    finally:
        new.unlink()
        path.unlink() if before is None else path.write_text(before)
