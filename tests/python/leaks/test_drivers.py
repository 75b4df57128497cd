"""The drivers on random periods: effects that add up to the change, in no order, against a second computation."""

from __future__ import annotations

import math
from collections import defaultdict
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import Any

import pytest

from .tables import Rows, Tables

KINDS = ("input", "cache_read", "cache_write", "cache_write_1h", "output", "other")
EFFECTS = (
    "price", "model_mix", "use_case_mix", "context_length", "output_length", "retries", "cache", "service_tier",
    "rework", "delay", "acceptance", "requests_per_outcome",
)  # fmt: skip
SIDES = {"before": date(2026, 7, 1), "after": date(2026, 8, 1)}
UNIT = Decimal("0.000000000001")
DAY_COUNTS = ("attempts", "requests", "outcomes", "accepted_outcomes")
DAY_TYPES = (
    {"day": "DATE", "use_case": "VARCHAR"} | dict.fromkeys(DAY_COUNTS, "BIGINT")
    | dict.fromkeys(("inference_cost", "rework_cost", "delay_cost"), "DECIMAL(38, 12)")
)  # fmt: skip
DRIVER_TYPES = (
    {"day": "DATE", "use_case": "VARCHAR", "provider": "VARCHAR", "model": "VARCHAR", "service_tier": "VARCHAR",
     "attempts": "BIGINT", "cache_hits": "BIGINT"}
    | {f"{kind}_tokens": "BIGINT" for kind in KINDS[:-1]} | {f"{kind}_cost": "DECIMAL(38, 12)" for kind in KINDS}
)  # fmt: skip


def _money(random: Random) -> Decimal:
    return (Decimal(random.randrange(10 ** random.randrange(1, 15))) * UNIT).quantize(UNIT)


def _company(random: Random) -> tuple[Rows, Rows]:
    """Days and driver days of two periods; anything may be zero or missing in one of them."""
    days: Rows = []
    cells: Rows = []
    for day in SIDES.values():
        for use_case in "uvw":
            if random.random() < 0.2:
                continue
            spent = Decimal(0)
            attempts = 0
            for model in ("m1", "m2"):
                for tier in ("standard", "batch"):
                    if random.random() < 0.35:
                        continue
                    calls, hits = random.randrange(0, 50), random.choice((0, 0, 3))
                    cell: dict[str, Any] = {
                        "day": day, "use_case": use_case, "provider": "p", "model": model, "service_tier": tier,
                        "attempts": calls + hits, "cache_hits": hits,
                    }  # fmt: skip
                    for kind in KINDS:
                        used = random.choice((0, random.randrange(1, 10**6))) if calls else 0
                        cell[f"{kind}_tokens"] = used
                        cell[f"{kind}_cost"] = _money(random) if used and random.random() < 0.9 else Decimal(0)
                        spent += cell[f"{kind}_cost"]
                    attempts += calls + hits
                    cells.append(cell)
            outcomes = random.choice((0, random.randrange(1, 40)))
            days.append({
                "day": day, "use_case": use_case, "attempts": attempts, "outcomes": outcomes,
                "requests": random.choice((0, random.randrange(1, 60))),
                "accepted_outcomes": random.randrange(outcomes + 1), "inference_cost": spent,
                "rework_cost": random.choice((Decimal(0), _money(random))),
                "delay_cost": random.choice((Decimal(0), _money(random))),
            })  # fmt: skip
    return days, cells


def _drivers(compiled: dict[str, str], days: Rows, cells: Rows, *, swapped: bool = False) -> Rows:
    tables = Tables(compiled)
    before, after = SIDES.values()
    if swapped:
        before, after = after, before
    tables.put("build.intermediate.int_driver_comparisons", [{
        "comparison": "month", "label": "x", "before_start": before, "before_end": before, "after_start": after,
        "after_end": after,
    }], {"comparison": "VARCHAR", "label": "VARCHAR", "only_use_case": "VARCHAR", "before_start": "DATE",
         "before_end": "DATE", "after_start": "DATE", "after_end": "DATE"})  # fmt: skip
    tables.put("build.intermediate.int_use_case_days", days, DAY_TYPES)
    tables.put("build.intermediate.int_driver_days", cells, DRIVER_TYPES)
    for model in ("int_driver_use_cases", "int_driver_cells", "int_driver_effects"):
        tables.run(model)
    tables.run("cost_change_drivers", "marts")
    return tables.rows("select * from build.marts.cost_change_drivers order by use_case, metric")


def _value(days: Rows, use_case: str, metric: str, day: date) -> Decimal | None:
    chosen = [row for row in days if row["day"] == day and use_case in ("all", row["use_case"])]
    amounts = ("inference_cost",) if metric == "cost_per_request" else ("inference_cost", "rework_cost", "delay_cost")
    cost = sum((row[name] for row in chosen for name in amounts), Decimal(0))
    unit = sum(row["requests" if metric == "cost_per_request" else "accepted_outcomes"] for row in chosen)
    return (cost / unit).quantize(UNIT, rounding=ROUND_HALF_UP) if unit else None


@pytest.mark.parametrize("seed", range(8))
def test_effects_add_up_to_the_change(compiled: dict[str, str], seed: int) -> None:
    """Mistake caught: a change that no effect explains, or that is explained twice, when a model, tier, use case or
    kind of token appears or vanishes, or something is zero; effects that depend on which period is called the first."""
    days, cells = _company(Random(seed))
    rows = _drivers(compiled, days, cells)
    turned = {(row["use_case"], row["metric"]): row for row in _drivers(compiled, days, cells, swapped=True)}
    for row in rows:
        before, after = (_value(days, row["use_case"], row["metric"], day) for day in SIDES.values())
        assert (row["before_value"], row["after_value"]) == (before, after)
        if before is None or after is None:
            assert row["change"] is None and row["price_effect"] is None
            continue
        effects = [row[f"{effect}_effect"] for effect in EFFECTS]
        assert sum(effects) == row["change"] == after - before
        # What rounding leaves over is all that is put on the largest effect; more would hide a missing part.
        size = max(abs(before), abs(after), Decimal(1))
        assert row["rounding_rest"] <= size * Decimal("0.00000000002")
        other = turned[row["use_case"], row["metric"]]
        for effect in EFFECTS:
            assert abs(row[f"{effect}_effect"] + other[f"{effect}_effect"]) <= size * Decimal("0.0000000001"), effect


def _mean(first: float, second: float) -> float:
    return first if first == second else (second - first) / math.log(second / first)


def test_effects_of_a_worked_example(compiled: dict[str, str]) -> None:
    """Mistake caught: effects that add up and yet stand under the wrong name. One use case, model and kind of token:
    requests 100 and 120, attempts 110 and 150, tokens and prices changed; computed here from the product itself."""
    sides = {
        "before": (100, 110, 1_000_000, "3.30", 80, 70, "7.00"),
        "after": (120, 150, 1_800_000, "3.60", 100, 80, "12.00"),
    }
    days: Rows = []
    cells: Rows = []
    for side, (requests, attempts, tokens, cost, outcomes, accepted, rework) in sides.items():
        days.append({
            "day": SIDES[side], "use_case": "u", "attempts": attempts, "requests": requests, "outcomes": outcomes,
            "accepted_outcomes": accepted, "inference_cost": Decimal(cost), "rework_cost": Decimal(rework),
            "delay_cost": Decimal(0),
        })  # fmt: skip
        cells.append(defaultdict(int, {
            "day": SIDES[side], "use_case": "u", "provider": "p", "model": "m", "service_tier": "standard",
            "attempts": attempts, "cache_hits": 0, "input_tokens": tokens, "input_cost": Decimal(cost),
        }) | {f"{kind}_cost": Decimal(0) for kind in KINDS[1:]}
           | {f"{kind}_tokens": 0 for kind in KINDS[1:-1]})  # fmt: skip
    (row,) = [r for r in _drivers(compiled, days, cells)
              if r["use_case"] == "u" and r["metric"] == "cost_per_accepted_outcome"]  # fmt: skip
    inference = _mean(3.30 / 70, 3.60 / 80)
    human = _mean(7.0 / 70, 12.0 / 80)
    wanted = {
        "retries": inference * math.log((150 / 120) / (110 / 100)),
        "context_length": inference * math.log((1_800_000 / 150) / (1_000_000 / 110)),
        "price": inference * math.log((3.60 / 1.8) / (3.30 / 1.0)),
        "rework": human * math.log((12.0 / 100) / (7.0 / 80)),
        "acceptance": -(inference + human) * math.log((80 / 100) / (70 / 80)),
        "requests_per_outcome": -inference * math.log((100 / 120) / (80 / 100)),
    }
    for effect in EFFECTS:
        assert float(row[f"{effect}_effect"]) == pytest.approx(wanted.get(effect, 0), abs=1e-11), effect
