"""The same landing files as of several instants: yesterday's report can be made again tomorrow."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from oracle.compute import compute

from orchestration.sample_company import write
from pipeline import comparison

from .engine import Engine, Warehouse
from .random_company import START, RandomCompany, deliver, first_reference, write_reference

MARTS = ("periods", "attempts", "outcomes", "spend")


def _differences(warehouse: Warehouse, as_of: datetime) -> list[str]:
    oracle = compute(warehouse.landing, warehouse.settings.effective_seeds_dir, as_of)
    assert oracle.attempts
    with warehouse.marts() as con:
        return [line for mart in MARTS for line in getattr(comparison, f"compare_{mart}")(con, oracle)]


@pytest.mark.slow
def test_sample_company_as_of_earlier_and_later(engine: Engine, homes: Path) -> None:
    """Mistake caught: a model that looks at a row later than the run, or that keeps something of a later build when a
    run goes back in time."""
    warehouse = engine.warehouse(homes / "home")
    write(warehouse.landing, scale=0.05)
    middle, late = datetime(2026, 8, 19, 15, 30, tzinfo=UTC), datetime(2026, 9, 28, 6, tzinfo=UTC)
    hashes = []
    for as_of in (late, middle, late):
        hashes.append(warehouse.night(as_of).content_hash)
        assert _differences(warehouse, as_of) == []
    assert hashes[0] == hashes[2]
    assert len(set(hashes)) == 2


@pytest.mark.parametrize(("seed", "days"), [(1, 20), (2, 90)])
def test_random_company_equals_the_oracle(engine: Engine, homes: Path, seed: int, days: int) -> None:
    """Mistake caught: rules that only meet in companies less tidy than the sample one: links across sources and
    midnight, use cases told by other rows, tickets that move between outcomes."""
    write_reference(homes / "seeds", first_reference())
    warehouse = engine.warehouse(homes / "home", homes / "seeds")
    deliver(warehouse.landing, RandomCompany(seed).rows, "all")
    as_of = START + timedelta(days=days)
    warehouse.night(as_of)
    assert _differences(warehouse, as_of) == []
