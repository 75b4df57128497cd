"""Costs that no log has, against a plain computation: random costs, rules and orders of arrival."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest
from oracle.compute import compute
from oracle.shared_costs import shared_costs

from .engine import Engine, Warehouse
from .random_company import DAYS, START, RandomCompany, deliver, first_reference, write_reference

Row = dict[str, Any]
RULES = [
    *({"rule": key, "key": key} for key in ("requests", "attempts", "tokens", "outcomes", "inference_cost")),
    {"rule": "claims only", "key": "requests", "use_case": "claims"},
    {"rule": "stated", "key": "fixed", "use_case": "claims", "share": "0.123456789", "valid_to": "2026-07-20"},
    {"rule": "stated", "key": "fixed", "use_case": "drafts", "share": "0.7"},
    {"rule": "changed", "key": "fixed", "use_case": "drafts", "share": "1", "valid_to": "2026-07-20"},
    {"rule": "changed", "key": "tokens", "valid_from": "2026-07-20"},
]


def random_costs(random: Random) -> list[Row]:
    """Sixty costs, a third of them in several states."""
    rows = []
    for number in range(60):
        row: Row = {
            "cost_id": f"c{number}",
            "currency": random.choice(("USD", "USD", "EUR", "GBP")),
            "category": random.choice(("seats", "gateway", "compute")),
            **random.choice(
                ({"rule": random.choice(RULES)["rule"]},) * 8
                + ({"use_case": "claims"}, {"use_case": "nobody's"}, {"rule": "unknown"}, {})
            ),
        }
        start = START.date() + timedelta(days=random.randrange(-3, DAYS + 8))
        length = random.choice((0, 1, 3, 7, 30, 31))
        end = start + timedelta(days=length)
        row |= {"period_start": f"{start}", "period_end": f"{end}"} if length else {"day": f"{start}"}
        for state in range(random.choice((1, 1, 3))):
            amount = Decimal(random.randrange(-(10**9), 10**11)).scaleb(-random.choice((2, 7, 12)))
            updated = START + timedelta(days=random.random() * 60)
            rows.append(row | {"amount": str(amount), **({"updated_at": updated.isoformat()} if state else {})})
    return rows


def land(landing: Path, rows: list[Row], name: str) -> None:
    folder = landing / "costs"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def first_day(grain: str, day: date) -> date:
    if grain == "month":
        return day.replace(day=1)
    return day - timedelta(days=day.weekday() if grain == "week" else 0)


def compare(warehouse: Warehouse, as_of: datetime) -> dict[tuple[date, str, str], Any]:
    """Assert that the marts say what the plain computation says, which is returned."""
    seeds = warehouse.settings.effective_seeds_dir
    oracle = compute(warehouse.landing, seeds, as_of)
    wanted = shared_costs(warehouse.landing, seeds, as_of, oracle)
    with warehouse.marts() as con:
        found = {
            tuple(row[:3]): tuple(row[3:])
            for row in con.execute(
                "SELECT day, cost_id, use_case, shared_by, amount, shared_cost FROM shared_costs"
            ).fetchall()
        }
        assert found == {key: (part.shared_by, part.amount, part.shared_cost) for key, part in wanted.items()}
        for grain in ("day", "week", "month"):
            sums: dict[tuple[date, str], list[Decimal | None]] = defaultdict(list)
            for (day, _, use_case), part in wanted.items():
                sums[first_day(grain, day), use_case].append(part.shared_cost)
            mart = {"day": "daily", "week": "weekly", "month": "monthly"}[grain]
            for period, use_case, cost, unknown, total, accepted, loaded in con.execute(
                f"SELECT {grain}, use_case, shared_cost, uncosted_shared_costs, total_cost, accepted_outcomes,"
                f" loaded_cost_per_accepted_outcome FROM use_case_{mart}"
            ).fetchall():
                parts = sums.pop((period, use_case), [])
                known = [part for part in parts if part is not None]
                assert (cost, unknown) == (sum(known) if known or not parts else None, len(parts) - len(known))
                if cost is None or not accepted:
                    assert loaded is None
                else:
                    assert loaded == pytest.approx(float(total + cost) / accepted, rel=1e-12)
            assert not sums
    return wanted


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_random_costs_in_any_order_equal_a_plain_computation(engine: Engine, homes: Path, seed: int) -> None:
    """Mistake caught: a digit lost between an amount and its parts, a rule of another day, a cost that comes late or is
    corrected and leaves the figures of a former night."""
    random = Random(seed)
    write_reference(homes / "seeds", {**first_reference(), "cost_sharing": RULES})
    warehouse = engine.warehouse(homes / "home", homes / "seeds")
    logged, costs = RandomCompany(seed).rows, random_costs(random)
    random.shuffle(logged)
    # States without a time follow the names of their files; the others come in any order.
    with_time = [row for row in costs if "updated_at" in row]
    random.shuffle(with_time)
    half = len(logged) // 2
    deliver(warehouse.landing, logged[:half], "a")
    land(warehouse.landing, [row for row in costs if "updated_at" not in row], "0")
    land(warehouse.landing, with_time[:10], "1")
    as_of = START + timedelta(days=30, hours=7)
    warehouse.night(as_of)
    assert compare(warehouse, as_of)

    land(warehouse.landing, with_time[10:], "2")
    assert warehouse.night(as_of).plan.mode == "incremental"
    compare(warehouse, as_of)

    deliver(warehouse.landing, logged[half:], "b")
    write_reference(homes / "seeds", {"cost_sharing": [row for row in RULES if row["rule"] != "tokens"]})
    later = START + timedelta(days=60)
    last = warehouse.night(later)
    wanted = compare(warehouse, later)
    assert {part.shared_by for part in wanted.values()} >= {"use_case", "fixed", "requests", "tokens", "nobody"}
    assert any(part.shared_cost is None for part in wanted.values())

    whole = engine.warehouse(homes / "whole", homes / "seeds")
    deliver(whole.landing, logged, "a")
    for path in (warehouse.landing / "costs").iterdir():
        land(whole.landing, [json.loads(line) for line in path.read_text().splitlines()], path.stem)
    assert whole.night(later).marts["shared_costs"] == last.marts["shared_costs"]


def test_redelivered_costs(engine: Engine, homes: Path) -> None:
    """Mistake caught: a correction that adds up with what it corrects, a state that is not known yet, an older state
    that wins because it came later, and a delivery that counts twice."""
    write_reference(homes / "seeds", {**first_reference(), "cost_sharing": RULES})
    warehouse = engine.warehouse(homes / "home", homes / "seeds")
    deliver(warehouse.landing, [landed for landed in RandomCompany(1).rows if landed.source == "inference"], "all")
    row = {"cost_id": "seats", "currency": "USD", "period_start": "2026-07-01", "period_end": "2026-07-04"}
    as_of = datetime(2026, 7, 20, tzinfo=UTC)

    warehouse.night(as_of)

    def told(name: str, *rows: Row) -> Decimal:
        land(warehouse.landing, [row | more for more in rows], name)
        night = warehouse.night(as_of)
        # Costs are shared out anew, and no fact is built again.
        assert (night.plan.mode, night.days) == ("incremental", ())
        assert "attempts" in night.kept
        with warehouse.marts() as con:
            (amount,) = con.execute("SELECT sum(shared_cost) FROM shared_costs").fetchone()
            return amount

    assert told("2026-07", {"amount": 10}) == 10
    assert told("2026-07-copy", {"amount": 10}) == 10
    assert told("2026-08", {"amount": 12}) == 12
    assert told("2026-06", {"amount": 9}) == 12
    assert told("a", {"amount": 14, "updated_at": "2026-07-19T00:00:00Z"}) == 14
    assert told("b", {"amount": 13, "updated_at": "2026-07-18T00:00:00Z"}) == 14
    assert told("c", {"amount": 15, "updated_at": "2026-07-20T00:00:01Z"}) == 14
    assert told("d", {"amount": -4, "cost_id": "credit"}) == 10
