"""Releases by the thousand, as the day sums that the gate judges, and the gate's own SQL to judge them with.

Volumes per day swing, days have shocks of their own, and the cost of a correction is skewed, so that outcomes of one
day are not independent: the gate has to bring its level under conditions that its formulas only approximate.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
from pipeline.engine import Engine

from orchestration.reference import prepare

MODELS = {"int_gate_measures": "intermediate", "gate_verdicts": "marts"}
DAYS = 28


@dataclass(frozen=True)
class Side:
    """What one side of a comparison is like; money in dollars, shares of one."""

    inference: float = 0.05
    rework_share: float = 0.10
    corrected_share: float = 0.03
    rejected_share: float = 0.02
    days: int = DAYS


@dataclass(frozen=True)
class World:
    """What both sides share."""

    outcomes_per_day: float = 90
    ticket_cost: float = 4.0
    day_shock: float = 0.25
    # Part of the tickets that come in on day 0, 1, 2, ... after the outcome.
    arrivals: tuple[float, ...] = (0.25, 0.25, 0.15, 0.1, 0.08, 0.06, 0.04, 0.03, 0.02, 0.02)


def side_days(rng: np.random.Generator, world: World, side: Side, releases: int, *, youngest_age: int) -> pd.DataFrame:
    """Day sums of one side of ``releases`` comparisons; the last day has age ``youngest_age`` as of the run.

    Rework comes in by age and is developed by factors learnt from eight weeks of mature history of the same world.
    """
    shape = (releases, side.days)
    weekend = np.where(np.arange(side.days) % 7 >= 5, 0.4, 1.0)
    outcomes = rng.poisson(world.outcomes_per_day * weekend * np.exp(rng.normal(0, 0.1, shape))) + 1
    shock = np.exp(rng.normal(0, world.day_shock, shape) - world.day_shock**2 / 2)
    tickets = rng.binomial(outcomes, np.minimum(side.rework_share * shock, 0.9))
    bad = rng.binomial(outcomes, np.minimum(side.corrected_share * shock, 0.5))
    rejected = rng.binomial(outcomes - bad, side.rejected_share)
    inference = outcomes * side.inference * rng.gamma(20, 1 / 20, shape)

    final = _ticket_costs(rng, world, tickets)
    ages = np.arange(side.days)[::-1] + youngest_age
    share_seen = np.minimum(np.cumsum(world.arrivals)[np.minimum(ages, len(world.arrivals) - 1)], 1)
    seen = _ticket_costs(rng, world, rng.binomial(tickets, share_seen))
    rework = np.where(share_seen < 1, seen, final)
    factors, variances = _learnt_factors(rng, world, side, releases)
    age_index = np.minimum(ages, len(world.arrivals) - 1)
    factor, error = factors[:, age_index], np.sqrt(variances[:, age_index])
    seen_bad = np.where(share_seen < 1, rng.binomial(bad, share_seen), bad)
    accepted = outcomes - rejected - seen_bad
    frame = {
        "age": np.broadcast_to(ages, shape),
        "outcomes": outcomes,
        "accepted_outcomes": accepted,
        "corrected_outcomes": seen_bad,
        "factor": factor,
        "factor_variance": error**2,
        "immature_outcomes": np.where(share_seen < 1, outcomes, 0),
        "inference_cost": inference,
        "rework_cost": rework,
        "developed_rework_cost": rework * factor,
        "developed_total_cost": inference + rework * factor,
        "developed_accepted_outcomes": np.maximum(accepted - seen_bad * (factor - 1), 0),
        "release": np.broadcast_to(np.arange(releases)[:, None], shape),
    }
    return pd.DataFrame({name: values.ravel() for name, values in frame.items()})


def _ticket_costs(rng: np.random.Generator, world: World, tickets: np.ndarray) -> np.ndarray:
    """Sum of so many skewed ticket costs (sigma 0.7)."""
    flat = tickets.ravel()
    costs = rng.lognormal(np.log(world.ticket_cost), 0.7, int(flat.sum()))
    edges = np.concatenate([[0], np.cumsum(flat)])
    totals = np.concatenate([[0.0], np.cumsum(costs)])
    return (totals[edges[1:]] - totals[edges[:-1]]).reshape(tickets.shape)


def _learnt_factors(rng: np.random.Generator, world: World, side: Side, releases: int) -> tuple[np.ndarray, np.ndarray]:
    """Chain-ladder factors by age and the variance of their logarithm, from 56 mature days of history."""
    history, ages = 56, len(world.arrivals)
    tickets = rng.poisson(world.outcomes_per_day * side.rework_share, (releases, history))
    by_age = rng.multinomial(tickets, world.arrivals)
    cost = _ticket_costs(rng, world, by_age)
    seen = np.cumsum(cost, axis=2)
    log_factor, variance = np.zeros((releases, ages)), np.zeros((releases, ages))
    for age in range(ages - 2, -1, -1):
        earlier, later = seen[:, :, age], seen[:, :, age + 1]
        total_earlier, total_later = earlier.sum(1, keepdims=True), later.sum(1, keepdims=True)
        spread = ((later / total_later - earlier / total_earlier) ** 2).sum(1) * history / (history - 1)
        log_factor[:, age] = log_factor[:, age + 1] + np.log((total_later / total_earlier)[:, 0])
        variance[:, age] = variance[:, age + 1] + spread
    return np.exp(log_factor), variance


def releases_of(
    rng: np.random.Generator, world: World, before: Side, after: Side, releases: int, *, youngest_age: int = 30
) -> pd.DataFrame:
    """Both sides of so many releases, in the columns of the model that the gate reads."""
    baseline = side_days(rng, world, before, releases, youngest_age=youngest_age + after.days)
    candidate = side_days(rng, world, after, releases, youngest_age=youngest_age)
    baseline["arm"], candidate["arm"] = "baseline", "candidate"
    return pd.concat([baseline, candidate])


class Gate:
    """The compiled models of the gate in a database of their own, over tables that a test fills."""

    def __init__(self, engine: Engine, work: Path) -> None:
        settings = engine.warehouse(work / "home").settings
        prepare(settings)
        self._sql = engine.compiled(settings, tuple(MODELS))
        self._path = work / "gate" / "build.duckdb"

    def judge(self, days: pd.DataFrame, *, is_complete: bool = True) -> pd.DataFrame:
        """Verdict rows of all simulated releases, with ``release`` as a number."""
        self._path.parent.mkdir(exist_ok=True)
        self._path.unlink(missing_ok=True)
        with duckdb.connect(str(self._path)) as con:
            con.execute("CREATE SCHEMA intermediate; CREATE SCHEMA marts; SET threads = 2")
            con.register("days", days)
            con.execute(_DAYS)
            con.execute(_FACTORS)
            con.execute(_WINDOWS.replace("{is_complete}", str(is_complete).lower()))
            con.execute(_RESPONSE_TIMES)
            for name, schema in MODELS.items():
                con.execute(f"CREATE TABLE {schema}.{name} AS {self._sql[name]}")
            return con.execute("SELECT release_id::INT AS release, * FROM marts.gate_verdicts").df()


# As of the instant that dbt assumes where no run was started; a use case per release, so that each has its own factors.
_DAYS = """
    CREATE TABLE intermediate.int_gate_days AS SELECT
        release::VARCHAR AS release_id, release::VARCHAR AS use_case, arm, DATE '2099-12-31' - age::INT AS day,
        outcomes::BIGINT AS outcomes, accepted_outcomes::BIGINT AS accepted_outcomes,
        corrected_outcomes::BIGINT AS corrected_outcomes, immature_outcomes::BIGINT AS immature_outcomes,
        outcomes::BIGINT AS attempts, outcomes::BIGINT AS requests, 0::BIGINT AS unpriced_attempts,
        0::BIGINT AS sla_outcomes, 0::BIGINT AS sla_met_outcomes, (rework_cost * 2)::DECIMAL(38, 9) AS handling_minutes,
        inference_cost::DECIMAL(38, 12) AS inference_cost, rework_cost::DECIMAL(38, 12) AS rework_cost,
        0::DECIMAL(38, 12) AS delay_cost
    FROM days
"""
_FACTORS = """
    CREATE TABLE intermediate.int_development_factors AS SELECT DISTINCT
        release::VARCHAR AS use_case, age::BIGINT AS age, factor AS rework_factor, factor AS correction_factor,
        factor_variance AS rework_factor_variance, factor_variance AS correction_factor_variance
    FROM days
"""
_WINDOWS = """
    CREATE TABLE intermediate.int_gate_windows AS SELECT DISTINCT
        release::VARCHAR AS release_id, release::VARCHAR AS use_case, 'o' AS owner, 'important' AS criticality,
        0.85::DOUBLE AS quality_floor, 0.95::DOUBLE AS objective_share, TIMESTAMPTZ '2026-06-29' AS released_at,
        'p' AS decision_owner, 'r' AS rollback_plan, 'w' AS watch_plan, NULL::VARCHAR AS impact_assessment,
        0.02::DOUBLE AS quality_margin, 300 AS minimum_outcomes, 'before_after' AS comparison,
        TIMESTAMPTZ '2026-06-01' AS baseline_from, TIMESTAMPTZ '2026-06-29' AS baseline_until,
        TIMESTAMPTZ '2026-07-27' AS candidate_until, {is_complete} AS is_window_complete, 0 AS mixed_outcomes,
        0 AS earlier_releases, 60 AS history_days
    FROM days
"""
_RESPONSE_TIMES = """
    CREATE TABLE intermediate.int_gate_response_times AS
    SELECT DISTINCT release::VARCHAR AS release_id, arm, 1 AS requests, 0 AS failed_requests,
        1000.0::DOUBLE AS response_time_p95_ms, NULL::DOUBLE AS promised_ms
    FROM days
"""
