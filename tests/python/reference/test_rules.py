"""Each rule of the reference data is shown to refuse what it is there for, with file, line and column."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.reference import Problem, validate
from orchestration.settings import PROJECT_DIR

from .company import Company


@pytest.fixture
def company(tmp_path: Path) -> Company:
    return Company(tmp_path / "seeds")


def problems(company: Company, zone: str = "UTC") -> list[Problem]:
    return validate(company.folder, zone=zone, reporting_currency="USD")[1]


def warnings(company: Company) -> list[Problem]:
    return validate(company.folder, zone="UTC", reporting_currency="USD")[2]


def test_valid_data_have_no_problems(company: Company) -> None:
    """Catches a rule that refuses good data, which would make all other tests here pass for nothing."""
    assert problems(company) == []
    assert [w.column for w in warnings(company)] == []


# What is changed (file, line, old, new), and where the problem must be shown (line, column, part of the reason).
CHANGES = {
    "required value missing": ("use_cases", 2, "triage,", ",", 2, "use_case", "missing"),
    "unknown word": ("use_cases", 2, "critical", "Critical", 2, "criticality", "allowed are critical"),
    "unknown task class": ("use_cases", 2, ",A,", ",D,", 2, "task_class", "allowed are A, B, C"),
    "impossible window": ("use_cases", 2, ",14,", ",-1,", 2, "acceptance_window_days", "between 0 and 366"),
    "window is no number": ("use_cases", 2, ",14,", ",14 d,", 2, "acceptance_window_days", "whole number"),
    "share above one": ("use_cases", 2, ",0.9,", ",90,", 2, "quality_floor", "between 0 and 1"),
    "no such day": ("use_cases", 2, "2026-01-01", "2026-02-30", 2, "valid_from", ""),
    "time without offset": ("use_cases", 2, "2026-01-01", "2026-01-01T00:00:00", 2, "valid_from", "offset"),
    "local date format": ("use_cases", 2, "2026-01-01", "01/01/2026", 2, "valid_from", "not a date"),
    "year slipped": ("use_cases", 2, "2026-01-01", "0226-01-01", 2, "valid_from", "year"),
    "overlap": ("use_cases", 2, "2026-07-01", "2026-07-02", 3, "valid_from", "overlaps line 2"),
    "overlap with an open row": ("use_cases", 2, "2026-07-01", "", 3, "valid_from", "has no valid_to"),
    "gap": ("use_cases", 2, "2026-07-01", "2026-06-30", 3, "valid_from", "has no row from 2026-06-30"),
    "empty interval": ("use_cases", 2, "2026-07-01", "2026-01-01", 2, "valid_to", "not after"),
    "reversed interval": ("use_cases", 2, "2026-07-01", "2025-01-01", 2, "valid_to", "not after"),
    "unknown owner": ("use_cases", 2, "claims,", "clams,", 2, "owner", "clams is not in owners.csv"),
    "unknown use case": ("delay_rates", 2, "triage", "triaje", 2, "use_case", "not in use_cases.csv"),
    "rule of an unknown use case": ("use_case_rules", 2, "triage", "triaje", 2, "use_case", "not in use_cases.csv"),
    "broken pattern": ("use_case_rules", 2, "claims-.*", "claims-(", 2, "pattern", "not a regular expression"),
    "unknown model of an alias": ("model_aliases", 2, ",m1\n", ",m9\n", 2, "model", "acme m9 is not in model_prices"),
    "unknown tier": ("models", 3, "premium", "luxury", 3, "tier", "allowed are premium"),
    "two reference models": ("models", 3, "FALSE", "true", 3, "is_reference", "already on line 2"),
    "no reference model": ("models", 2, "true", "false", 1, "is_reference", "no model is the reference of tier"),
    "not a boolean": ("models", 3, "FALSE", "no", 3, "is_reference", "true, false"),
    "unknown lever": ("lever_assumptions", 4, "routing", "rooting", 4, "lever", "allowed are all, routing"),
    "parameter of another lever": ("lever_assumptions", 4, "share", "returned_share", 4, "parameter", "guardrails"),
    "window of one use case": ("lever_assumptions", 2, "all,,", "all,triage,", 2, "use_case", "holds for all"),
    "class of a lever without": ("lever_assumptions", 4, "routing,,,", "budgets,,A,", 4, "task_class", "told apart"),
    "window too short": ("lever_assumptions", 2, "28", "6", 2, "value", "between 7 and 366"),
    "unknown routing target": ("lever_assumptions", 3, "acme/m1", "acme/m9", 3, "value", "of the price book"),
    "share of a lever above one": ("lever_assumptions", 4, "0.5", "1.5", 4, "value", "between 0 and 1"),
    "limit is no number": ("lever_assumptions", 5, "2000", "2k", 5, "value", "whole number"),
    "assumption stated twice": (
        "lever_assumptions", 5, "context_limits,triage,C,limit_tokens,2000", "routing,,,share,0.4", 5, "parameter",
        "line 4",
    ),
    "negative price": ("model_prices", 2, ",2,USD", ",-2,USD", 2, "price_per_million", "at least 0"),
    "exponent": ("model_prices", 2, ",2,USD", ",2e3,USD", 2, "price_per_million", "plain number"),
    "infinite price": ("model_prices", 2, ",2,USD", ",inf,USD", 2, "price_per_million", "plain number"),
    "more decimals than are kept": ("model_prices", 2, ",2,", ",0.0000000001,", 2, "price_per_million", "9 decimals"),
    "absurd price": ("model_prices", 2, ",2,USD", ",200000000,USD", 2, "price_per_million", "mistake"),
    "unknown token kind": ("model_prices", 2, "input", "inputs", 2, "token_kind", "not in meters.csv or cache_read"),
    "unknown service tier": ("model_prices", 3, "standard", "default", 3, "service_tier", "allowed are standard"),
    "price gap": ("model_prices", 2, "2026-07-01", "2026-06-01", 3, "valid_from", "has no row"),
    "price overlap of equal keys": ("model_prices", 4, "200000", "00", 4, "valid_from", "overlaps line 3"),
    "lower case currency": ("model_prices", 2, "USD", "usd", 2, "currency", "three capital letters"),
    "price and discount": ("price_overrides", 2, ",,,2026-01", ",1,USD,2026-01", 2, "discount_share", "both"),
    "neither price nor discount": ("price_overrides", 2, "0.5", "", 2, "discount_share", "neither"),
    "price without currency": ("price_overrides", 2, ",,2026-01-01,2026-02-01,contract,0.5",
                               "1,,2026-01-01,2026-02-01,contract,", 2, "currency", "missing"),
    "discount above one": ("price_overrides", 2, "0.5", "50", 2, "discount_share", "between 0 and 1"),
    "tool of no known kind": ("model_prices", 2, "input", "browser", 2, "token_kind", "browser is not in meters.csv"),
    "neither factor nor list": ("price_modifiers", 2, "1.1", "", 2, "multiplier", "neither multiplier nor price_list"),
    "factor and list": ("price_modifiers", 2, "1.1,", "1.1,flex", 2, "multiplier", "both multiplier and price_list"),
    "unknown price list": ("price_modifiers", 4, "fast_speed", "fast", 4, "price_list", "allowed are standard"),
    "one attribute twice": ("price_modifiers", 2, "geo,us", "geo,EU", 3, "valid_from", "overlaps"),
    "unit of no kind": ("meters", 2, "pieces", "peaces", 2, "unit", "allowed are tokens"),
    "meter twice": ("meters", 3, "maps", "pages", 3, "meter", "already on line 2"),
    "part of a part": ("meters", 2, "pieces,", "pieces,pages", 2, "part_of", "allowed are input"),
    "negative rate": ("role_rates", 2, "60", "-60", 2, "hourly_rate", "at least 0"),
    "absurd hourly rate": ("role_rates", 2, "60", "6000", 2, "hourly_rate", "6000 USD an hour"),
    "no delay rate at all": ("delay_rates", 2, "0.5,20", ",", 2, "per_minute", "neither"),
    "shared by no known key": ("cost_sharing", 4, "requests", "calls", 4, "key", "allowed are fixed, requests"),
    "shared with nobody": ("cost_sharing", 2, "triage", "", 2, "use_case", "names both"),
    "fixed share missing": ("cost_sharing", 2, "0.6", "", 2, "share", "names both"),
    "more than all shared": ("cost_sharing", 3, "0.4", "0.5", 3, "share", "add up to 1.1"),
    "two keys at a time": ("cost_sharing", 4, "2026-07-01", "2026-06-30", 4, "key", "has the key fixed"),
    "a share that a figure decides": ("cost_sharing", 5, ",1,", ",0.5,", 5, "share", "tokens decides"),
    "all and one at a time": (
        "cost_sharing", 5, "gateway,tokens,,1", "seats,requests,triage,", 4, "use_case", "one of the two for all",
    ),
    "a sharing rule twice": ("cost_sharing", 3, "unallocated", "triage", 3, "valid_from", "overlaps line 2"),
    "negative limit": ("budgets", 2, "1000", "-1", 2, "limit_amount", "at least 0"),
    "not a month": ("budgets", 2, "2026-07,", "2026-13,", 2, "month", "not a month"),
    "middle of a month": ("budgets", 2, "2026-07,", "2026-07-15,", 2, "month", "not a month"),
    "soft above hard": ("budgets", 2, "0.8,1", "0.8,0.7", 2, "soft_share", "more than hard_share"),
    "one revision twice": ("budgets", 3, ",2,2026-07-15", ",01,2026-07-15", 3, "revision", "already on line 2"),
    "two active budgets": ("budgets", 3, "2026-07-15T08:00:00+02:00", "2026-07-01", 3, "effective_at", "two would be"),
    "later revision earlier": ("budgets", 3, "2026-07-15T", "2026-06-15T", 3, "effective_at", "two would be"),
    "budget of an unknown owner": ("budgets", 2, "claims", "clams", 2, "owner", "not in owners.csv"),
    "free target": ("cost_slos", 2, "1.5", "0", 2, "target_cost_per_accepted_outcome", "more than 0"),
    "release without a time": ("releases", 2, "2026-07-15T09:00:00Z", "", 2, "released_at", "missing"),
    "margin above one": ("releases", 2, "0.02", "2", 2, "quality_margin", "between 0 and 1"),
    "experiment of nobody": ("experiments", 2, "claims", "clams", 2, "owner", "not in owners.csv"),
    "rate of zero": ("fx_rates", 2, "1.1", "0", 2, "rate", "more than 0"),
    "rate of a time": ("fx_rates", 2, "2026-07-01", "2026-07-01T00:00:00Z", 2, "day", "not a date"),
    "own currency not one": ("fx_rates", 2, "EUR", "USD", 2, "rate", "its rate is 1"),
    "rate twice": ("fx_rates", 3, "2026-07-02", "2026-07-01", 3, "currency", "already on line 2"),
    "too few values": ("owners", 2, "head@example.org,", "head@example.org", 2, "", "3 values"),
    "too many values": ("owners", 2, "head@example.org,", "head@example.org,,", 2, "", "5 values"),
    "open quote": ("owners", 2, "head", '"head', 2, "", "cannot be read as CSV"),
    "misspelt column": ("owners", 1, "contact", "contacts", 1, "contact", "column is missing"),
    "column twice": ("owners", 1, "contact", "owner", 1, "owner", "appears 2 times"),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_each_rule_refuses_with_file_line_and_column(company: Company, change: tuple) -> None:
    """Catches a rule that never fires, or that points at the wrong place."""
    file, line, old, new, at_line, column, reason = change
    text = (company.folder / f"{file}.csv").read_text(encoding="utf-8").split("\n")
    text[line - 1] = (text[line - 1] + "\n").replace(old, new, 1).removesuffix("\n")
    assert text != (company.folder / f"{file}.csv").read_text(encoding="utf-8").split("\n")
    company.write(file, text[:-1])
    found = [p for p in problems(company) if (p.file, p.line, p.column) == (f"{file}.csv", at_line, column)]
    assert found, problems(company)
    assert reason in found[0].reason


def test_key_twice(company: Company) -> None:
    """Catches two owners of one name, and aliases that differ only in case."""
    company.add("owners", "claims,,,")
    company.add("model_aliases", "acme,M1-Latest,m2")
    assert [(p.file, p.line, p.column) for p in problems(company)] == [
        ("owners.csv", 3, "owner"),
        ("model_aliases.csv", 3, "alias"),
    ]


def test_rules_of_one_priority_must_agree(company: Company) -> None:
    """Catches a mapping that depends on the order of rows."""
    company.add("use_cases", "other,claims,Claims,mass,C,,,,,,,,2026-01-01,")
    company.add("use_case_rules", "10,litellm,team_id,other-.*,other")
    assert [(p.line, p.column) for p in problems(company)] == [(3, "priority")]


def test_all_problems_are_listed_at_once(company: Company) -> None:
    """Catches one-at-a-time messages, which make a person run the pipeline once for each mistake."""
    company.change("use_cases", 2, "critical", "urgent")
    company.change("owners", 2, "claims,", ",")
    company.change("fx_rates", 3, "1.1", "-1")
    company.change("model_prices", 3, ",3,", ",x,")
    assert [(p.file, p.line) for p in problems(company)] == [
        ("use_cases.csv", 2),
        ("owners.csv", 2),
        ("model_prices.csv", 3),
        ("fx_rates.csv", 3),
    ]


def test_nothing_is_said_of_keys_in_a_file_that_cannot_be_read(company: Company) -> None:
    """Catches a flood of unknown owners because one line of the owners file has a mistake."""
    company.change("owners", 1, "owner,", "name,")
    assert [p.file for p in problems(company)] == ["owners.csv"]


def test_a_row_that_is_refused_may_still_be_referred_to(company: Company) -> None:
    """Catches a second problem, of an owner who is there, because the owner's row has too few values."""
    company.add("owners", "others,,,")
    company.change("owners", 2, "head@example.org,", "head@example.org")
    assert [(p.file, p.line) for p in problems(company)] == [("owners.csv", 2)]


def test_the_projects_aliases_fit_any_price_book(company: Company) -> None:
    """Catches a company with a price book of its own that is told of mistakes in files it does not have."""
    for name in ("models", "model_aliases", "provider_aliases"):
        company.remove(name)
    assert problems(company) == []
    assert warnings(company) == []


def test_files_that_are_missing_or_empty_are_not_checked_against(company: Company) -> None:
    """Catches a small company that must fill every file before it can start."""
    for name in ("owners", "budgets", "fx_rates", "use_case_rules"):
        company.remove(name)
    company.write("delay_rates", company.lines("delay_rates")[:1])
    assert problems(company) == []


def test_unknown_file_is_refused(company: Company) -> None:
    """Catches `budget.csv`, which nothing would ever read."""
    company.write("budget", company.lines("budgets"))
    assert [(p.file, p.column) for p in problems(company)] == [("budget.csv", "")]


def test_missing_folder_is_one_problem(tmp_path: Path) -> None:
    """Catches a misspelt folder that counts as a company without reference data."""
    found = validate(tmp_path / "none", zone="UTC", reporting_currency="USD")[1]
    assert len(found) == 1
    assert "does not exist" in found[0].reason


def test_bytes_that_are_not_text(company: Company) -> None:
    """Catches names that arrive garbled because a spreadsheet saved another encoding."""
    (company.folder / "owners.csv").write_bytes(
        "owner,contact,escalation_1,escalation_2\nMüller,,,\n".encode("latin-1")
    )
    assert [(p.file, p.line, p.reason) for p in problems(company)] == [("owners.csv", 2, "not UTF-8 text")]
    (company.folder / "owners.csv").write_bytes(b"owner,contact,escalation_1,escalation_2\n\0,,,\n")
    assert problems(company)[0].line == 2
    (company.folder / "owners.csv").write_bytes(b"")
    assert "empty" in problems(company)[0].reason


def test_lines_are_counted_in_the_file_not_in_records(company: Company) -> None:
    """Catches a line number that is off after a value with a line break, an empty line, or other line ends."""
    text = 'owner,contact,escalation_1,escalation_2\r\nclaims,"a\r\nb",,\r\n\r\n,x,,\r\n'
    (company.folder / "owners.csv").write_bytes(text.encode())
    assert [(p.line, p.column) for p in problems(company)] == [(5, "owner")]


def test_dates_mean_midnight_in_the_reporting_zone(company: Company) -> None:
    """Catches a date read as UTC: then the day would end two hours late and overlap the next one."""
    company.change("use_cases", 3, "2026-07-01", "2026-06-30T22:00:00Z")
    assert problems(company, zone="Europe/Berlin") == []
    assert [(p.line, p.column) for p in problems(company)] == [(3, "valid_from")]


def test_overrides_and_experiments_may_have_gaps(company: Company) -> None:
    """Catches a contract that must be declared for the time when there was none."""
    company.add("experiments", "e1,claims,triage,2026-10-01,")
    assert problems(company) == []


def test_suspicious_values_are_warnings(company: Company) -> None:
    """Catches a price off by a thousand that is refused although it may be right, or that nobody is told of."""
    company.change("model_prices", 3, ",3,", ",3000,")
    company.change("role_rates", 2, "USD", "CHF")
    company.change("provider_aliases", 2, "acme_ai,acme", "acme_ai,acmee")
    assert problems(company) == []
    assert [(w.file, w.line, w.column) for w in warnings(company)] == [
        ("provider_aliases.csv", 2, "provider"),
        ("model_prices.csv", 3, "price_per_million"),
        ("role_rates.csv", 2, "currency"),
    ]


def test_a_discount_on_top_of_a_tier_price_is_a_warning(company: Company) -> None:
    """Catches batch calls at a quarter of the price once the book knows that batch costs half."""
    company.add("model_prices", "acme,m2,,batch,input,,0.5,USD,2026-10-14,,")
    assert problems(company) == []
    assert [(w.file, w.line, w.column) for w in warnings(company)] == [("price_overrides.csv", 3, "discount_share")]
    assert "from 2026-10-14" in warnings(company)[0].reason


def test_a_tier_that_only_logs_know_can_be_priced(company: Company) -> None:
    """Catches calls that are unpriced for ever, because reference data refuse the tier that the log names."""
    company.add("price_overrides", "acme,m1,,latency_optimized,input,,3,USD,2026-01-01,,contract,")
    assert problems(company) == []


def test_the_seeds_of_the_project_are_valid() -> None:
    """Catches committed reference data that only works because dbt is run by hand and nobody validates, and a discount
    on top of a price that has it already."""
    _, found, hints = validate(PROJECT_DIR / "seeds", zone="UTC", reporting_currency="USD")
    assert [str(problem) for problem in [*found, *hints]] == []
