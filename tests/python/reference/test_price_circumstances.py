"""Catches prices for a region, a part of the week or a correction that are refused, misread or contradictory."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.reference import Problem, validate
from orchestration.reference.values import parse_hours, parse_weekdays, window_minutes

from .company import Company

PRICES = (
    "provider,model,region,service_tier,token_kind,above_tokens,price_per_million,currency,valid_from,valid_to,source,"
    "hours_utc,weekdays,known_from"
)
OVERRIDES = PRICES.replace("hours_utc", "discount_share,multiplier,hours_utc")
CAPACITY = "deployment,provider,model,kind,units,hourly_rate,currency,tokens_per_hour,valid_from,valid_to"
BASE = "acme,m1,,,input,,2,USD,2026-01-01,,,"
UPLIFT = "acme,,eu,,,,,,2026-01-01,,published"
PTU = "ptu-1,acme,m1,provisioned,100,1.5,USD,3000000,2026-01-01,"


@pytest.fixture
def company(tmp_path: Path) -> Company:
    made = Company(tmp_path / "seeds")
    made.write("model_prices", [PRICES, BASE + ",,", "acme,m2,,,input,,1,USD,2026-01-01,,,,,"])
    made.write("price_overrides", [OVERRIDES])
    return made


def problems(company: Company) -> list[Problem]:
    return validate(company.folder, zone="UTC", reporting_currency="USD")[1]


def test_files_without_the_new_columns_stay_valid(tmp_path: Path) -> None:
    """Catches a company whose files were right yesterday and are refused today."""
    company = Company(tmp_path / "seeds")
    assert "hours_utc" not in company.lines("model_prices")[0]
    assert problems(company) == []


@pytest.mark.parametrize(
    "line",
    [
        BASE + "16:30-00:30,,",
        BASE + "00:00-24:00,6-7,",
        BASE + ",7,",
        BASE + ",,2026-09-01T12:00:00Z",
        BASE.replace("m1,,", "m1,eu-west-1,") + ",,",
        BASE.replace("input", "web_search") + ",,",
        BASE.replace("input", "cache_storage") + ",,",
    ],
)
def test_what_a_price_may_be_bound_to(company: Company, line: str) -> None:
    """Catches a row beside the general one that is taken for an overlap: it is another price, or a correction."""
    company.add("model_prices", line)
    assert problems(company) == []


@pytest.mark.parametrize(
    ("line", "column", "reason"),
    [
        (BASE + "1630-0030,,", "hours_utc", "16:30-00:30"),
        (BASE + "16:30-16:30,,", "hours_utc", "end after it begins"),
        (BASE + "16:30-24:30,,", "hours_utc", "24:00"),
        (BASE + ",0-5,", "weekdays", "1 is Monday"),
        (BASE + ",6-2,", "weekdays", "two rows"),
        (BASE + ",,soon", "known_from", "not a date"),
        (BASE + ",,", "valid_from", "overlaps line 2"),
    ],
)
def test_what_is_refused_of_a_price(company: Company, line: str, column: str, reason: str) -> None:
    """Catches a part of the week that nobody can read, and two prices for one instant."""
    company.add("model_prices", line)
    assert [(p.line, p.column) for p in problems(company)] == [(4, column)]
    assert reason in problems(company)[0].reason


def test_parts_of_the_week_of_one_price_share_no_minute(company: Company) -> None:
    """Catches Friday night at two prices: 22:00-06:00 reaches into Saturday, and 05:00-07:00 begins in it."""
    company.add("model_prices", BASE + "22:00-06:00,5,")
    company.add("model_prices", BASE + "06:00-08:00,6,")
    assert problems(company) == []
    company.add("model_prices", BASE + "05:00-06:00,6,")
    assert [(p.line, p.column) for p in problems(company)] == [(6, "hours_utc")]
    company.change("model_prices", 6, "2026-01-01,,", "2026-01-01,2026-01-01T00:00:01Z,")
    assert len(problems(company)) == 1, "both still hold for a second"


@pytest.mark.parametrize(
    ("amounts", "is_right"),
    [
        (",1.1", True),
        ("0.1,", True),
        ("0.1,1.1", False),
        (",", False),
        (",0", False),
        (",-1", False),
        (",1.1234567", False),
    ],
)
def test_an_override_has_one_amount(company: Company, amounts: str, is_right: bool) -> None:
    """Catches an uplift beside a discount in one row, and an uplift by nothing, which would make calls free."""
    company.add("price_overrides", f"{UPLIFT},{amounts},,,")
    assert (problems(company) == []) is is_right


@pytest.mark.parametrize(
    ("old", "new", "column"),
    [
        ("provisioned", "rented", "kind"),
        ("100,", "0,", "units"),
        ("1.5", "-1.5", "hourly_rate"),
        ("USD", "", "currency"),
        ("3000000", "0", "tokens_per_hour"),
        ("ptu-1", "", "deployment"),
    ],
)
def test_what_is_refused_of_capacity(company: Company, old: str, new: str, column: str) -> None:
    """Catches capacity that costs nothing, or has no limit because the limit is 0."""
    company.write("capacity", [CAPACITY, PTU])
    assert problems(company) == []
    company.change("capacity", 2, old, new)
    assert [(p.file, p.line, p.column) for p in problems(company)] == [("capacity.csv", 2, column)]


def test_a_deployment_has_one_capacity_at_a_time(company: Company) -> None:
    """Catches a change of units that leaves the old row open, so that the hours are paid twice."""
    company.write("capacity", [CAPACITY, PTU, PTU.replace("100", "200").replace("2026-01-01", "2026-07-01")])
    assert [(p.line, p.column) for p in problems(company)] == [(3, "valid_from")]
    company.change("capacity", 2, "2026-01-01,", "2026-01-01,2026-07-01")
    assert problems(company) == []


def test_minutes_of_a_window() -> None:
    """Catches a window that loses its part after midnight, or after Sunday."""
    day = 24 * 60
    assert window_minutes("", "") == [(n * day, (n + 1) * day) for n in range(7)]
    assert window_minutes("16:30-00:30", "7") == [(0, 30), (6 * day + 990, 7 * day)]
    assert window_minutes("01:00-02:00", "1-2") == [(60, 120), (day + 60, day + 120)]
    assert sum(end - start for start, end in window_minutes("16:30-00:30", "")) == 7 * 8 * 60
    assert parse_hours("00:00-24:00") == (0, day)
    assert parse_weekdays("6") == (6, 6)
