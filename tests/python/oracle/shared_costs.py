"""Costs that no log has, shared out: fractions over the days of their periods and the use cases of each day."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from .compute import OracleResult
from .money import rounded, split
from .records import UNALLOCATED
from .reference import Reference

Row = dict[str, Any]
Weights = dict[str, Fraction]


@dataclass(frozen=True)
class Part:
    """What a use case bears of a cost on a day, in the cost's currency and in the reporting currency."""

    shared_by: str
    amount: Decimal
    shared_cost: Decimal | None


def shared_costs(
    landing: Path, seeds: Path, as_of: datetime, oracle: OracleResult
) -> dict[tuple[date, str, str], Part]:
    """Parts by day, cost id and use case. The landing folder ``costs`` holds JSON lines with dates."""
    reference = Reference(seeds, "UTC", "USD")
    with (seeds / "cost_sharing.csv").open(encoding="utf-8", newline="") as file:
        rules = list(csv.DictReader(file))
    figures = _figures(oracle)
    parts: dict[tuple[date, str, str], Part] = {}
    for cost in _latest(landing / "costs", as_of).values():
        days = list(_days(cost))
        for day, amount in zip(days, split(Decimal(str(cost["amount"])), len(days)), strict=True):
            if day > as_of.date():
                break
            rate = reference.fx(cost["currency"], day)
            converted = None if rate is None else rounded(Fraction(amount) * rate)
            shared_by, weights = _weights(cost, day, rules, figures, reference)
            amounts = _split_by(amount, weights)
            costs = dict.fromkeys(weights) if converted is None else _split_by(converted, weights)
            for use_case in weights:
                parts[day, cost["cost_id"], use_case] = Part(shared_by, amounts[use_case], costs[use_case])
    return parts


def _latest(folder: Path, as_of: datetime) -> dict[str, Row]:
    """Of each cost the latest state by ``updated_at``; those without come first, by file and line."""
    states: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for path in sorted(folder.glob("*.jsonl")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines()):
            row = json.loads(line)
            updated = row.get("updated_at", "")
            if not updated or datetime.fromisoformat(updated) <= as_of:
                states[row["cost_id"]].append((updated, path.name, number, row))
    return {cost_id: max(found, key=lambda state: state[:3])[3] for cost_id, found in states.items()}


def _days(cost: Row) -> Iterator[date]:
    start = date.fromisoformat(cost.get("day") or cost["period_start"])
    end = start + timedelta(days=1) if "day" in cost else date.fromisoformat(cost["period_end"])
    while start < end:
        yield start
        start += timedelta(days=1)


def _figures(oracle: OracleResult) -> dict[tuple[date, str], dict[str, Fraction]]:
    """Figures of each day that costs can be shared out by: key -> use case -> figure."""
    found: dict[tuple[date, str], Weights] = defaultdict(dict)
    for (day, use_case), row in oracle.use_case_daily.items():
        for key in ("requests", "attempts", "outcomes", "inference_cost"):
            found[day, key][use_case] = Fraction(row[key])
    for attempt in oracle.attempts:
        if not attempt.cache_hit:
            assert attempt.cohort_day is not None
            tokens = found[attempt.cohort_day, "tokens"]
            used = attempt.context_tokens + (attempt.output_tokens or 0)
            tokens[attempt.use_case] = tokens.get(attempt.use_case, Fraction(0)) + used
    return found


def _weights(
    cost: Row, day: date, rules: list[Row], figures: dict[tuple[date, str], Weights], reference: Reference
) -> tuple[str, Weights]:
    nobody = ("nobody", {UNALLOCATED: Fraction(1)})
    if named := cost.get("use_case"):
        return ("use_case", {named: Fraction(1)}) if reference.is_declared(named) else nobody
    holding = [
        row
        for row in rules
        if row["rule"] == cost.get("rule")
        and row["valid_from"] <= day.isoformat()
        and not (row["valid_to"] and row["valid_to"] <= day.isoformat())
    ]
    if not holding:
        return nobody
    key = holding[0]["key"]
    if key == "fixed":
        weights = {row["use_case"]: Fraction(row["share"]) for row in holding if Fraction(row["share"])}
        rest = 1 - sum(weights.values())
        if rest:
            weights[UNALLOCATED] = weights.get(UNALLOCATED, Fraction(0)) + rest
        return key, weights
    only = {row["use_case"] for row in holding} - {""}
    weights = {u: f for u, f in figures[day, key].items() if f > 0 and (not only or u in only)}
    return (key, weights) if weights else nobody


def _split_by(amount: Decimal, weights: Weights) -> dict[str, Decimal]:
    """Shares by weight; the last use case by name takes what rounding leaves over."""
    whole = sum(weights.values())
    *others, last = sorted(weights)
    shares = {use_case: rounded(Fraction(amount) * weights[use_case] / whole) for use_case in others}
    return shares | {last: amount - sum(shares.values())}
