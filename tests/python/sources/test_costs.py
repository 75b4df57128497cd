"""Costs that no log has. Catches a day that moves with the zone, a half-open period read as a closed one, a credit that
is refused, and a cost without an amount, a currency or a period that is loaded."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from ingest.conftest import Warehouse
from ingest.samples import COST, as_csv, jsonl

from orchestration.settings import project_vars
from orchestration.sources import costs

Row = dict[str, Any]
NEXT_DAY = (datetime(2026, 6, 30, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC))


def cost(**changes: Any) -> Row:
    """A cost; a change to None takes a field away."""
    return {name: value for name, value in (COST | changes).items() if value is not None}


def periods(warehouse: Warehouse) -> list[tuple[datetime, datetime]]:
    found = warehouse.all("SELECT period_start, period_end FROM native.costs ORDER BY cost_id")
    return [(start.astimezone(UTC), end.astimezone(UTC)) for start, end in found]


def test_every_format_gives_the_same_row(warehouse: Warehouse) -> None:
    """Catches a date of Parquet or CSV that is read otherwise than that of JSON."""
    typed = cost(day=date(2026, 6, 30), amount=Decimal("12.5"))
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([typed]), sink)
    for name, content in {"a.jsonl": jsonl(cost()), "b.csv": as_csv(cost()), "c.parquet": sink.getvalue()}.items():
        warehouse.take(f"costs/{name}", content)
    assert warehouse.counts() == (3, 1, 2, 0, 0)
    assert periods(warehouse) == [NEXT_DAY]
    assert warehouse.all("SELECT amount, currency, category, rule, use_case, updated_at FROM native.costs") == [
        (Decimal("12.5"), "USD", "seats", "by_requests", None, None)
    ]


@pytest.mark.parametrize(
    ("given", "start", "end"),
    [
        ({}, NEXT_DAY[0], NEXT_DAY[1]),
        ({"day": "2026-06-30T23:00:00-02:00"}, NEXT_DAY[1], datetime(2026, 7, 2, tzinfo=UTC)),
        ({"day": "", "period_start": "2026-06-30", "period_end": "2026-07-01"}, *NEXT_DAY),
        ({"period_start": "2026-06-01", "period_end": "2026-07-01"}, datetime(2026, 6, 1, tzinfo=UTC), NEXT_DAY[1]),
        (
            {"day": None, "period_start": "2026-06-30T12:00:00+02:00", "period_end": "2026-07-01T00:00:00Z"},
            datetime(2026, 6, 30, 10, tzinfo=UTC),
            NEXT_DAY[1],
        ),
    ],
)
def test_days_and_periods(warehouse: Warehouse, given: Row, start: datetime, end: datetime) -> None:
    """Catches a day that ends with itself, a moment that is no day's beginning, and a day that beats a period."""
    warehouse.take("costs/a.jsonl", jsonl(cost(**given)))
    assert periods(warehouse) == [(start, end)]


def test_a_date_is_midnight_in_the_reporting_zone(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches days of UTC: the day on which Berlin's summer time ends has 25 hours."""
    berlin = project_vars().model_copy(update={"reporting_time_zone": "Europe/Berlin"})
    monkeypatch.setattr(costs, "project_vars", lambda: berlin)
    warehouse.take("costs/a.jsonl", jsonl(cost(day="2025-10-26")))
    assert periods(warehouse) == [(datetime(2025, 10, 25, 22, tzinfo=UTC), datetime(2025, 10, 26, 23, tzinfo=UTC))]


@pytest.mark.parametrize("amount", ["-12.50", -12.5, "-1000000000", "1e-12", 0])
def test_credits_and_the_bounds_of_money(warehouse: Warehouse, amount: Any) -> None:
    """Catches a credit that is refused or made positive."""
    warehouse.take("costs/a.jsonl", jsonl(cost(amount=amount)))
    assert warehouse.all("SELECT amount FROM native.costs") == [(Decimal(str(amount)),)]


@pytest.mark.parametrize(
    ("changes", "reason", "field"),
    [
        ({"cost_id": None}, "missing_id", "cost_id"),
        ({"amount": None}, "missing_field", "amount"),
        ({"amount": "1000000000.01"}, "bad_number", "amount"),
        ({"amount": "-1000000000.01"}, "bad_number", "amount"),
        ({"amount": "NaN"}, "bad_number", "amount"),
        ({"currency": None}, "missing_field", "currency"),
        ({"day": None}, "missing_field", "period_start"),
        ({"day": "2026-02-30"}, "bad_time", "period_start"),
        ({"day": "2026-06-30T10:00:00"}, "naive_time", "period_start"),
        ({"period_start": "2026-06-01"}, "missing_field", "period_end"),
        ({"period_start": "2026-06-30", "period_end": "2026-06-30"}, "bad_time", "period_end"),
        ({"period_start": "2010-01-01", "period_end": "2026-06-30"}, "bad_time", "period_end"),
        ({"updated_at": "2026-07-01T13:00:00Z"}, "future_time", "updated_at"),
    ],
)
def test_what_cannot_be_counted_is_refused(warehouse: Warehouse, changes: Row, reason: str, field: str) -> None:
    """Catches a cost that counts as something else, or as nothing, without a word."""
    warehouse.take("costs/a.jsonl", jsonl(cost(**changes)))
    assert warehouse.reasons() == [(1, reason, field)]
    warehouse.assert_conserved()


def test_states_are_kept_and_bodies_are_not(warehouse: Warehouse) -> None:
    """Catches a correction that replaces what an earlier report was made of, a redelivery that counts twice, and a
    prompt that is kept with the fields nobody knows."""
    first, second = cost(updated_at="2026-07-01T01:00:00Z"), cost(amount="13", updated_at="2026-07-01T02:00:00Z")
    warehouse.take("costs/a.jsonl", jsonl(second, first | {"prompt": "secret words", "centre": "4711"}))
    warehouse.take("costs/b.jsonl.gz", jsonl(first, second))
    assert warehouse.all("SELECT amount, _rescued FROM native.costs ORDER BY amount") == [
        (Decimal("12.5"), '{"_dropped":1,"centre":"4711"}'), (Decimal(13), None),
    ]  # fmt: skip
    assert warehouse.counts() == (4, 1, 2, 1, 0)
