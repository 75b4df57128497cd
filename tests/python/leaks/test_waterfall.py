"""The waterfall on random attempts, against the rules written once more in plain Python."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import Any

import pytest

from .tables import Rows, Tables

LEAKS = ("inefficient_fallback", "weak_cache", "poor_input", "no_segmentation", "excess_context")
UNIT = Decimal("0.000000000001")
START = datetime(2026, 7, 1, tzinfo=UTC)
MONEY = "DECIMAL(18, 12)"
PARTS = {
    "day": "DATE", "cohort_day": "DATE", "source": "VARCHAR", "attempt_id": "VARCHAR", "request_id": "VARCHAR",
    "outcome_id": "VARCHAR", "use_case": "VARCHAR", "task_class": "VARCHAR", "tier": "VARCHAR", "status": "VARCHAR",
    "started_at": "TIMESTAMPTZ", "finished_at": "TIMESTAMPTZ", "finished_day": "DATE", "cache_hit": "BOOLEAN",
    "input_valid": "BOOLEAN", "prompt_hash": "VARCHAR", "context_tokens": "BIGINT", "context_limit": "INTEGER",
    "cache_lifetime_hours": "DECIMAL(18, 6)", "has_parts": "BOOLEAN", "input_cost": MONEY, "cache_read_cost": MONEY,
    "cache_write_cost": MONEY, "cache_write_1h_cost": MONEY, "reference_cost": MONEY, "cost": MONEY,
}  # fmt: skip


def _money(random: Random, top: int = 3) -> Decimal:
    return (Decimal(random.randrange(top * 10**12)) * UNIT).quantize(UNIT)


def _attempts(random: Random) -> Rows:
    rows: Rows = []
    for number in range(random.randrange(1, 60)):
        started = START + timedelta(hours=random.randrange(90), seconds=random.choice((0, 0, 7)))
        finished = started + timedelta(seconds=random.choice((0, 5, 3600)))
        hit = random.random() < 0.1
        cost = Decimal(0) if hit else random.choice((None, Decimal(0), *(_money(random) for _ in range(6))))
        parts = [_money(random, 1) for _ in range(4)] if cost and random.random() < 0.8 else [Decimal(0)] * 4
        # Context costs at most what the attempt costs.
        if cost and sum(parts) > cost:
            parts = [cost, Decimal(0), Decimal(0), Decimal(0)]
        rows.append({
            "day": started.date(), "cohort_day": started.date(), "source": random.choice("st"),
            "attempt_id": f"a{number}", "request_id": f"r{random.randrange(25)}",
            "outcome_id": random.choice((None, "o1", "o2", "o3")), "use_case": random.choice("uv"),
            "task_class": random.choice(("A", "B", "C", None)),
            "tier": random.choice(("premium", "premium", "balanced", "unknown")),
            "status": random.choice(("success", "success", "timeout", "blocked")), "started_at": started,
            "finished_at": finished, "finished_day": finished.date(), "cache_hit": hit,
            "input_valid": random.random() < 0.8, "prompt_hash": random.choice((None, "p", "q")),
            "context_tokens": random.choice((0, 1, 7, 1000, 90_001)), "context_limit": random.choice((None, 1, 3, 700)),
            "cache_lifetime_hours": random.choice((None, Decimal("0.5"), Decimal(24))),
            "has_parts": cost is not None and sum(parts) > 0, "input_cost": parts[0], "cache_read_cost": parts[1],
            "cache_write_cost": parts[2], "cache_write_1h_cost": parts[3],
            "reference_cost": random.choice((None, _money(random), _money(random, 1))), "cost": cost,
        })  # fmt: skip
    return rows


def _gross(row: dict[str, Any], rows: Rows, blamed: set[tuple[str, str]]) -> dict[str, Decimal]:
    cost = row["cost"]
    request = [o for o in rows if (o["source"], o["request_id"]) == (row["source"], row["request_id"])]
    asked_at = min(other["started_at"] for other in request)
    answers = [other for other in request if other["status"] == "success"]
    used = max(answers, key=lambda o: (o["started_at"], o["finished_at"], o["attempt_id"]), default=None)
    earlier = [
        other["finished_at"] for other in rows
        if other["status"] == "success" and not other["cache_hit"] and other["use_case"] == row["use_case"]
        and row["prompt_hash"] is not None and other["prompt_hash"] == row["prompt_hash"]
        and other["finished_at"] < asked_at
    ]  # fmt: skip
    lifetime = row["cache_lifetime_hours"]
    repeated = bool(earlier) and lifetime is not None and asked_at - max(earlier) < timedelta(hours=float(lifetime))
    found = dict.fromkeys(LEAKS, Decimal(0))
    if row is not used:
        found["inefficient_fallback"] = cost
    if repeated and not row["cache_hit"]:
        found["weak_cache"] = cost
    if not row["input_valid"] or (row["use_case"], row["outcome_id"]) in blamed:
        found["poor_input"] = cost
    if row["tier"] == "premium" and row["task_class"] in ("B", "C") and row["reference_cost"] is not None:
        found["no_segmentation"] = max(Decimal(0), cost - row["reference_cost"])
    over = row["context_tokens"] - (row["context_limit"] or row["context_tokens"])
    if over > 0 and row["has_parts"]:
        context = sum(row[f"{kind}_cost"] for kind in ("input", "cache_read", "cache_write", "cache_write_1h"))
        found["excess_context"] = (context * over / row["context_tokens"]).quantize(UNIT, rounding=ROUND_HALF_UP)
    return found


def _exclusive(cost: Decimal, gross: dict[str, Decimal]) -> dict[str, Decimal]:
    left, found = cost, {}
    for leak in LEAKS[:4]:
        found[leak] = min(gross[leak], left)
        left -= found[leak]
    # Of a call whose dearer model is a leak already, the same part of the context is left as of everything else.
    found["excess_context"] = gross["excess_context"]
    if left < cost:
        share = Decimal(float(left) / float(cost)) if cost else Decimal(0)
        share = share.quantize(Decimal("0.000000000000001"), rounding=ROUND_HALF_UP)
        found["excess_context"] = (gross["excess_context"] * share).quantize(UNIT, rounding=ROUND_HALF_UP)
    return found


@pytest.mark.parametrize("seed", range(12))
def test_every_unit_of_cost_once(compiled: dict[str, str], seed: int) -> None:
    """Mistake caught: money that leaks twice or is lost, a leak taken out of order, a wrong answer taken for used."""
    random = Random(seed)
    rows = _attempts(random)
    tables = Tables(compiled)
    tables.put("build.intermediate.int_attempt_parts", rows, PARTS)
    tickets = [
        {
            "use_case": random.choice("uv"), "outcome_id": random.choice((None, "o1", "o2", "o3")),
            "cause": random.choice(("input", "quality")), "status": random.choice(("closed", "void")),
        }
        for _ in range(random.randrange(4))
    ]  # fmt: skip
    tables.put("build.intermediate.int_ticket_links", tickets,
               dict.fromkeys(("use_case", "outcome_id", "cause", "status"), "VARCHAR"))  # fmt: skip
    tables.put("build.staging.stg_reference__use_cases", [{"cache_lifetime_hours": Decimal(24)}],
               {"cache_lifetime_hours": "DECIMAL(18, 6)"})  # fmt: skip
    tables.run("int_attempt_leaks")
    found = {row["attempt_id"]: row for row in tables.rows("select * from build.intermediate.int_attempt_leaks")}
    assert found.keys() == {row["attempt_id"] for row in rows}
    blamed = {
        (t["use_case"], t["outcome_id"]) for t in tickets
        if t["cause"] == "input" and t["status"] != "void" and t["outcome_id"] is not None
    }  # fmt: skip
    for row in rows:
        split = found[row["attempt_id"]]
        amounts = [split[f"{leak}_cost"] for leak in LEAKS]
        if row["cost"] is None:
            assert {*amounts, split["productive_cost"]} == {None}
            continue
        assert sum(amounts) + split["productive_cost"] == row["cost"]
        assert min(*amounts, split["productive_cost"]) >= 0
        gross = _gross(row, rows, blamed)
        assert {leak: split[f"{leak}_gross_cost"] for leak in LEAKS} == gross, row
        assert dict(zip(LEAKS, amounts, strict=True)) == _exclusive(row["cost"], gross), row
