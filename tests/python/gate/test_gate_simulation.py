"""The gate's promises in numbers: how often it is fooled by chance, and how surely it sees what is there."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from pipeline.engine import Engine

from .simulation import Gate, Side, World, releases_of

pytestmark = pytest.mark.slow

# What DECISIONS.md states: a saving where there is none passes in 5 % of releases at most. The two-sided 95 % interval
# gives half of that in theory; days with shocks, skewed costs and developed figures take some of the reserve.
# The checks that something did not get worse have one-sided bounds of 95 %.
COST_LEVEL, NON_INFERIORITY_LEVEL = 0.05, 0.05
RELEASES = 1_000
# Student's t from tables: two-sided 95 % and one-sided 95 % with 27 degrees of freedom.
T_TWO_SIDED_27, T_ONE_SIDED_27, Z_ONE_SIDED = 2.0518305, 1.7032884, 1.6448536


@pytest.fixture(scope="module")
def gate(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Gate:
    return Gate(engine, tmp_path_factory.mktemp("gate"))


def _share(verdicts: pd.DataFrame, check: str, verdict: str) -> float:
    rows = verdicts[verdicts.check_name == check]
    return float((rows.check_verdict == verdict).mean())


def _rng() -> np.random.Generator:
    return np.random.default_rng(20_260_810)


def test_no_change_passes_as_a_saving_at_most_at_the_stated_level(gate: Gate) -> None:
    """Mistake caught: an interval that is too narrow, for example because outcomes of one day count as independent."""
    verdicts = gate.judge(releases_of(_rng(), World(), Side(), Side(), RELEASES))
    assert _share(verdicts, "cost_fell", "pass") <= COST_LEVEL
    # The counter-check: not because nothing ever passes.
    assert _share(verdicts, "cost_fell", "pass") > 0


def test_no_change_under_strong_shocks_and_small_volume(gate: Gate) -> None:
    """Mistake caught: a level that holds only where days are alike and costs are nearly normal."""
    world = World(outcomes_per_day=25, day_shock=0.5)
    verdicts = gate.judge(releases_of(_rng(), world, Side(), Side(), RELEASES))
    assert _share(verdicts, "cost_fell", "pass") <= COST_LEVEL


def test_no_change_of_a_young_release_passes_at_most_at_the_stated_level(gate: Gate) -> None:
    """Mistake caught: rework that has not arrived yet taken for a saving; developed figures without their own error."""
    before, after = Side(), Side(days=14)
    days = releases_of(_rng(), World(), before, after, RELEASES, youngest_age=1)
    assert (days.immature_outcomes > 0).any()
    verdicts = gate.judge(days, is_complete=False)
    assert verdicts.uses_developed_figures.all()
    assert _share(verdicts, "cost_fell", "pass") <= COST_LEVEL
    # The counter-check: taken as they are, the same young figures pass as a saving more often than the level allows.
    plain = days.assign(factor=1.0, factor_variance=0.0)
    assert _share(gate.judge(plain, is_complete=False), "cost_fell", "pass") > COST_LEVEL


def test_planted_saving_is_found(gate: Gate) -> None:
    """Mistake caught: a gate so careful that nothing passes. A release like the good one of the sample company, rework
    -40 % and inference -29 %, is found in at least 90 % of cases, a saving of 20 % in at least 30 %: with 2,000
    outcomes a side, 200 of them with rework, chance alone moves the cost by more than a tenth."""
    good = Side(inference=0.0355, rework_share=0.06, corrected_share=0.03)
    verdicts = gate.judge(releases_of(_rng(), World(), Side(), good, RELEASES))
    assert _share(verdicts, "cost_fell", "pass") >= 0.9
    assert _share(verdicts, "rework_cost_held", "pass") >= 0.95
    small = Side(inference=0.04, rework_share=0.08)
    assert _share(gate.judge(releases_of(_rng(), World(), Side(), small, RELEASES)), "cost_fell", "pass") >= 0.3


def test_cheaper_requests_with_more_rework_fail(gate: Gate) -> None:
    """Mistake caught: the dashboard of token spend. Requests 67 % cheaper, rework doubled, corrections up."""
    bad = Side(inference=0.0165, rework_share=0.20, corrected_share=0.06)
    verdicts = gate.judge(releases_of(_rng(), World(), Side(), bad, RELEASES))
    assert (verdicts.candidate_cost_per_request < verdicts.baseline_cost_per_request).all()
    overall = verdicts.drop_duplicates("release").release_verdict
    assert (overall == "fail").mean() >= 0.99
    assert (overall == "pass").sum() == 0


def test_quality_worse_by_the_margin_passes_at_most_at_the_stated_level(gate: Gate) -> None:
    """Mistake caught: non-inferiority tested against no change instead of against the margin, or at another level."""
    worse = Side(corrected_share=0.05)
    verdicts = gate.judge(releases_of(_rng(), World(), Side(), worse, RELEASES))
    # Three standard errors of a thousand draws: here the truth lies exactly on the edge.
    edge = NON_INFERIORITY_LEVEL + 3 * math.sqrt(NON_INFERIORITY_LEVEL * 0.95 / RELEASES)
    assert _share(verdicts, "acceptance_held", "pass") <= edge


def test_sql_gives_the_numbers_of_the_formulas(gate: Gate) -> None:
    """Mistake caught: a wrong formula in SQL. Here the same statistics stand in numpy, written in another form."""
    days = releases_of(_rng(), World(), Side(), Side(rework_share=0.08, corrected_share=0.02), 20)
    found = gate.judge(days).set_index(["release", "check_name"])
    for release, part in days.groupby("release"):
        arms = {arm: rows for arm, rows in part.groupby("arm")}
        ratio, error = _ratio(arms, "developed_total_cost", "developed_accepted_outcomes")
        _close(found.loc[(release, "cost_fell")], ratio, error * T_TWO_SIDED_27)
        ratio, error = _ratio(arms, "developed_rework_cost", "outcomes")
        _close(found.loc[(release, "rework_cost_held")], ratio, error * T_ONE_SIDED_27)
        row = found.loc[(release, "acceptance_held")]
        effect, lower, upper = _acceptance(arms)
        assert [row.effect, row.effect_lower, row.effect_upper] == pytest.approx([effect, lower, upper], abs=1e-6)


def _ratio(arms: dict[str, pd.DataFrame], cost: str, unit: str) -> tuple[float, float]:
    """Ratio of candidate to baseline, and the standard error of its logarithm from the influence of each day."""
    ratios, variance = {}, 0.0
    for arm, rows in arms.items():
        x, y = rows[cost].to_numpy(), rows[unit].to_numpy()
        ratios[arm] = x.sum() / y.sum()
        residual = (x - ratios[arm] * y) / x.sum()
        variance += len(x) * residual.var(ddof=1)
    return ratios["candidate"] / ratios["baseline"], math.sqrt(variance)


def _close(row: pd.Series, ratio: float, width: float) -> None:
    wanted = [ratio, ratio * math.exp(-width), ratio * math.exp(width)]
    assert [row.effect, row.effect_lower, row.effect_upper] == pytest.approx(wanted, rel=2e-5)


def _acceptance(arms: dict[str, pd.DataFrame]) -> tuple[float, float, float]:
    """Difference of acceptance with Newcombe's bounds, outcomes divided by the design effect of days."""
    shares, bounds = {}, {}
    for arm, rows in arms.items():
        n, accepted = rows.outcomes.to_numpy(), rows.developed_accepted_outcomes.to_numpy()
        share = accepted.sum() / n.sum()
        variance = len(n) * ((accepted - share * n) / n.sum()).var(ddof=1)
        effective = n.sum() / max(1.0, variance / (share * (1 - share) / n.sum()))
        # Wilson's bounds are the roots of (p - share)^2 = z^2 p (1 - p) / n.
        z2 = Z_ONE_SIDED**2 / effective
        bounds[arm] = sorted(np.roots([1 + z2, -(2 * share + z2), share**2]).real)
        shares[arm] = share
    (low_1, high_1), (low_0, high_0) = bounds["candidate"], bounds["baseline"]
    one, zero = shares["candidate"], shares["baseline"]
    change = one - zero
    return change, change - math.hypot(one - low_1, high_0 - zero), change + math.hypot(high_1 - one, zero - low_0)
