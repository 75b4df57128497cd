"""Reference data of the generated companies: few prices, so that the floor can read them, and many budgets."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

_SINCE, _PRICES_CHANGE = "2020-01-01", "2026-08-15"
_USE_CASES = [f"use_case_{number:02d}" for number in range(50)]
_OWNERS = [f"owner_{number}" for number in range(12)]
_MODELS = [("harbour" if number < 8 else "meridian", f"model-{number}") for number in range(12)]
_ROLES = ("engineer", "agent", "assistant", "clerk")
_COLUMNS = {
    "model_prices": "provider,model,region,service_tier,token_kind,above_tokens,price_per_million,currency,valid_from,"
    "valid_to,source",
    "models": "provider,model,tier,is_reference",
    "owners": "owner,contact,escalation_1,escalation_2",
    "use_cases": "use_case,owner,function,criticality,task_class,acceptance_window_days,quality_floor,context_limit_a,"
    "context_limit_b,context_limit_c,cache_lifetime_hours,delay_cap_minutes,valid_from,valid_to",
    "role_rates": "role,hourly_rate,currency,valid_from,valid_to",
    "delay_rates": "use_case,per_minute,per_breach,currency,valid_from,valid_to",
    "cost_slos": "criticality,target_cost_per_accepted_outcome,quality_floor,objective_share,valid_from,valid_to",
    "budgets": "owner,use_case,month,revision,effective_at,kind,limit_amount,currency,soft_share,hard_share,"
    "premium_limit_share,throttle_share",
}
Rows = Iterable[Sequence[object]]


def write_seeds(folder: Path, first_day: date, last_day: date) -> None:
    """Fifty use cases, twelve models whose prices change once, and budgets for each month from one day to the other."""
    folder.mkdir(parents=True, exist_ok=True)
    seeds: dict[str, Rows] = {
        "model_prices": _prices(),
        "models": [
            (*model, ("premium", "balanced", "economy")[n // 4], "true" if n % 4 == 0 else "false")
            for n, model in enumerate(_MODELS)
        ],
        "owners": [(owner, "", "lead", "board") for owner in _OWNERS],
        "use_cases": [_use_case(n, name) for n, name in enumerate(_USE_CASES)],
        "role_rates": [(role, 30 + 10 * n, "USD", _SINCE, "") for n, role in enumerate(_ROLES)],
        "delay_rates": [(name, f"0.0{1 + n % 8}", n % 4, "USD", _SINCE, "") for n, name in enumerate(_USE_CASES)],
        "cost_slos": [("critical", 9, 0.88, 0.9, _SINCE, ""), ("mass", 0.06, 0.93, 0.97, _SINCE, "")],
        "budgets": [
            (_OWNERS[n % 12], name, month, 1, f"{month}-01", "production", 600, "USD", 0.8, 0.95, 0.6, 0.5)
            for n, name in enumerate(_USE_CASES)
            for month in _months(first_day, last_day)
        ],
    }
    for name, rows in seeds.items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(_COLUMNS[name].split(","))
            writer.writerows(rows)


def _prices() -> Rows:
    for number, (provider, model) in enumerate(_MODELS):
        for tier, tenths in (("standard", 20), ("flex", 10)):
            for kind, share in (("input", 10), ("cache_read", 1), ("output", 50)):
                # In hundredths of a dollar, so that no price is a fraction of a cent's hundredth.
                hundredths = share * (12 - number) * tenths // 2
                for price, since, until in (
                    (hundredths, _SINCE, _PRICES_CHANGE),
                    (hundredths * 3 // 4, _PRICES_CHANGE, ""),
                ):
                    yield provider, model, "", tier, kind, 0, f"{price / 100:.2f}", "USD", since, until, "generated"


def _use_case(number: int, name: str) -> Sequence[object]:
    criticality, task_class = ("critical", "important", "mass")[number % 3], "ABC"[number % 3]
    limits = (0.9, 40_000, 30_000, 20_000, 24, 480)
    return name, _OWNERS[number % 12], "operations", criticality, task_class, 7 * (1 + number % 3), *limits, _SINCE, ""


def _months(first_day: date, last_day: date) -> list[str]:
    first, last = (day.year * 12 + day.month - 1 for day in (first_day, last_day))
    return [f"{month // 12}-{month % 12 + 1:02d}" for month in range(first, last + 1)]
