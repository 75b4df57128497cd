"""Make the company, calibrate its story, write its landing files, and say what a warehouse must find in them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from orchestration.sample_company import answer_key as key
from orchestration.sample_company import story
from orchestration.sample_company.company import AS_OF, CANARY, CASES, FIRST_DAY, LAST_DAY, UNKNOWN_MODEL, UseCase
from orchestration.sample_company.costs import write_costs
from orchestration.sample_company.human_work import HumanWork
from orchestration.sample_company.invoices import write_invoices
from orchestration.sample_company.landing_files import LandingFiles
from orchestration.sample_company.oddities import plant_broken, plant_partial_rows, plant_repeats, plant_resends
from orchestration.sample_company.price_list import PriceList
from orchestration.sample_company.records import Attempt, Company, day_of, ms_of
from orchestration.sample_company.traffic import Traffic
from orchestration.sample_company.writers_litellm import swallow_retries, write_litellm
from orchestration.sample_company.writers_native import write_inference, write_outcomes, write_rework, write_sla
from orchestration.sample_company.writers_otel import write_otel
from orchestration.settings import PROJECT_DIR

SEEDS = PROJECT_DIR / "seeds"
ALL_CASES: tuple[UseCase, ...] = (story.SUPPORT, story.SALES, *CASES)
# As in seeds/use_cases.csv; a test holds the two together.
ACCEPTANCE_DAYS = {story.STORY_CASE: 7}
DELAY_CAPS = {story.STORY_CASE: 240}
EXPERIMENT, EXPERIMENT_DAYS = "code-review-short-prompt", ("2026-08-03", "2026-08-31")


@dataclass(frozen=True)
class Summary:
    """What was written: files and rows by source folder, and the answer key, which must lie outside landing."""

    files: dict[str, int]
    rows: dict[str, int]
    attempts: int
    answer_key: dict[str, Any]


def _experiment(attempts: list[Attempt]) -> None:
    start, end = ms_of(EXPERIMENT_DAYS[0]), ms_of(EXPERIMENT_DAYS[1])
    for attempt in attempts:
        if start <= attempt.started_ms < end and int(attempt.request_key[-1], 16) < 3:
            attempt.experiment = EXPERIMENT


def make_company(seed: int, scale: float, prices: PriceList, rates: key.Rates) -> tuple[Company, dict[str, Decimal]]:
    """All facts, priced and calibrated, and the calibration; rows that a gateway swallows are already gone."""
    attempts, outcomes = {}, {}
    tickets, clocks, decisions = [], [], []
    for case in ALL_CASES:
        traffic = Traffic(case, seed, scale)
        traffic.run()
        if case.code == "cod":
            _experiment(traffic.attempts)
        found = traffic.attempts
        if case.log in ("spend_log", "payload"):
            found = swallow_retries(found)
        people = HumanWork(case, seed)
        people.run(traffic.outcomes)
        attempts[case.name], outcomes[case.name] = found, traffic.outcomes
        tickets += people.tickets
        clocks += people.clocks
        decisions += people.decisions
    company = Company(attempts, outcomes, tickets, clocks, decisions)
    for found in attempts.values():
        for attempt in found:
            attempt.cost = prices.cost(attempt)
    return company, _calibrate(company, prices, rates)


def _figures(company: Company, rates: key.Rates, use_case: str) -> key.Figures:
    return key.Figures(company, rates, use_case, ACCEPTANCE_DAYS.get(use_case, 14), DELAY_CAPS.get(use_case))


def _calibrate(company: Company, prices: PriceList, rates: key.Rates) -> dict[str, Decimal]:
    """Move the story's output length and handling minutes after the release until both targets are met.

    Returns the two factors; they stay near 1, because the parameters of the story are near the targets already.
    """
    attempts = company.attempts[story.STORY_CASE]
    figures = _figures(company, rates, story.STORY_CASE)
    before, after = figures.between(*story.BEFORE), figures.between(*story.AFTER)
    if not before["accepted"] or not after["accepted"] or not after["rework_cost"]:
        return {}
    ids = {o for o, cohort in figures.cohort_ms.items() if ms_of(story.AFTER[0]) <= cohort < ms_of(story.AFTER[1])}
    output = Decimal(0)
    for attempt in attempts:
        if attempt.outcome_id in ids and not attempt.cache_hit and attempt.output_tokens:
            price = prices.price(attempt.provider, attempt.model, attempt.service_tier, "output", attempt.started_ms)
            output += attempt.output_tokens * (price or Decimal(0)) / 1_000_000
    wanted = before["cost_per_request"] * (1 + story.TARGET_COST_PER_REQUEST) * after["requests"]
    output_factor = (wanted - after["inference_cost"] + output) / output
    story.scale_output(attempts, output_factor)
    for attempt in attempts:
        attempt.cost = prices.cost(attempt)
    after = figures.between(*story.AFTER)
    wanted = before["cost_per_accepted_outcome"] * (1 + story.TARGET_COST_PER_ACCEPTED) * after["accepted"]
    factor = (wanted - after["inference_cost"] - after["delay_cost"]) / after["rework_cost"]
    story.scale_minutes(
        company.tickets,
        {o.outcome_id for o in company.outcomes[story.STORY_CASE] if o.started_ms >= story.STORY_RELEASE_MS},
        factor,
    )
    return {"output_factor": output_factor, "minutes_factor": factor}


def _comparison(figures: key.Figures, before: tuple[str, str], after: tuple[str, str]) -> dict[str, Any]:
    first, second = figures.between(*before), figures.between(*after)
    names = ("cost_per_request", "cost_per_accepted_outcome")
    changes = {f"{name}_change": key.change(first[name], second[name]) for name in names}
    points = {
        f"{name}_change_points": None
        if first[name] is None or second[name] is None
        else (second[name] - first[name]) * 100
        for name in ("acceptance_rate", "retry_rate")
    }
    volume = second["requests"] / first["requests"] - 1 if first["requests"] else None
    return {"before": first, "after": second, **changes, **points, "request_volume_change": volume}


def _monthly(company: Company) -> dict[str, dict[str, Decimal]]:
    """Production inference cost by use case and month of the attempt's start; experiments have budgets of their own."""
    found: dict[str, dict[str, Decimal]] = {}
    for name, attempts in company.attempts.items():
        months: dict[str, Decimal] = {}
        for attempt in attempts:
            if attempt.experiment is None:
                month = day_of(attempt.started_ms)[:7]
                months[month] = months.get(month, Decimal(0)) + (attempt.cost or 0)
        found[name] = months
    return found


def _plain(value: Any) -> Any:
    """Decimals as text, so that no digit is lost in JSON."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dict):
        return {name: _plain(member) for name, member in value.items()}
    return [_plain(member) for member in value] if isinstance(value, list | tuple) else value


def _prepare(seed: int, scale: float) -> tuple[LandingFiles, dict[str, Any]]:
    prices, rates = PriceList(SEEDS), key.Rates(SEEDS)
    company, calibration = make_company(seed, scale, prices, rates)
    files = LandingFiles()
    otel_spans, second_spans = 0, 0
    for case in ALL_CASES:
        found = company.attempts[case.name]
        if case.log.startswith("native"):
            write_inference(files, case, found)
        elif case.log == "otel":
            spans, second = write_otel(files, case, found)
            otel_spans, second_spans = otel_spans + spans, second_spans + second
        else:
            write_litellm(files, case, found)
    write_rework(files, company.tickets)
    write_sla(files, company.clocks)
    write_outcomes(files, company.decisions)
    write_costs(files)
    duplicates = plant_repeats(files)
    superseded = plant_partial_rows(files)
    quarantined = plant_broken(files)
    resent = plant_resends(files)
    duplicates["inference"] += int(str(resent["duplicates"]))
    invoices = write_invoices(files, company, prices, SEEDS)
    rows = Counter()
    for path in files.paths():
        rows[path.split("/")[0]] += files.rows(path)
    cases = {case.name: case for case in ALL_CASES}
    answers = {
        "seed": seed, "scale": scale, "first_day": FIRST_DAY, "last_day": LAST_DAY, "as_of": AS_OF, "canary": CANARY,
        "unpriced_model": UNKNOWN_MODEL, "calibration": calibration,
        "story": {"use_case": story.STORY_CASE, "release_id": story.STORY_RELEASE}
        | _comparison(_figures(company, rates, story.STORY_CASE), story.BEFORE, story.AFTER),
        "bad_release": {"use_case": story.BAD_CASE, "release_id": story.BAD_RELEASE}
        | _comparison(_figures(company, rates, story.BAD_CASE), story.BAD_BEFORE, story.BAD_AFTER),
        "attempts_by_use_case": {name: len(found) for name, found in company.attempts.items()},
        "inference_cost_by_use_case": {
            name: sum((a.cost for a in found if a.cost is not None), Decimal(0))
            for name, found in company.attempts.items()
        },
        "incurred_inference_cost_by_month": _monthly(company),
        "unpriced_attempts": sum(1 for found in company.attempts.values() for a in found if a.cost is None),
        "tickets": len(company.tickets), "clocks": len(company.clocks), "decisions": len(company.decisions),
        "rows_by_source": dict(rows), "otel_spans": otel_spans, "otel_second_spans_of_one_call": second_spans,
        "duplicate_rows": duplicates, "superseded_rows": {
            "inference": superseded,
            "rework": sum(len(ticket.states) - 1 for ticket in company.tickets),
            "sla": sum(len(clock.states) - 1 for clock in company.clocks),
        }, "quarantined_rows": quarantined,
        "resent_files": resent, "invoices": invoices,
        "leaks_gross": {
            name: key.leaks(
                found, [t for t in company.tickets if t.use_case == name], prices, cases[name].context_limit
            )
            for name, found in company.attempts.items()
        },
        "use_case_without_leak": "document_classification",
    }  # fmt: skip
    return files, _plain(answers)


def write(landing: Path, *, seed: int = 7, scale: float = 1.0) -> Summary:
    """Write the company's logs into ``landing/<source>/`` and return what is in them.

    Args:
        landing: the landing folder; made if needed. Files of an earlier run with the same names are replaced.
        seed: another seed gives another company with the same story.
        scale: volume relative to about fifty thousand attempts; the story's targets hold from about 0.2 upwards.
    """
    files, answers = _prepare(seed, scale)
    files.write(Path(landing))
    sources = Counter(path.split("/")[0] for path in files.paths())
    attempts = sum(answers["attempts_by_use_case"].values())
    return Summary(dict(sources), answers["rows_by_source"], attempts, answers)


def answer_key(*, seed: int = 7, scale: float = 1.0) -> dict[str, Any]:
    """What a warehouse must find in the files that ``write`` makes with the same arguments; amounts are text."""
    return _prepare(seed, scale)[1]
