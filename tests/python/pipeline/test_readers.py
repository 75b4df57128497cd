"""Readers never wait and never see half a run."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from .engine import Engine
from .random_company import START, RandomCompany, deliver
from .readers import reading

NIGHTS = 3


@pytest.mark.slow
def test_reader_while_nights_publish(engine: Engine, tmp_path: Path) -> None:
    """Mistake caught: a published file that is changed in place, is missing for a moment, or mixes two builds."""
    warehouse = engine.warehouse(tmp_path / "home")
    rows = sorted(RandomCompany(4).rows, key=lambda landed: landed.known_at)
    share = len(rows) // (NIGHTS + 1)
    deliver(warehouse.landing, rows[:share], "first")
    as_of = START + timedelta(days=60)
    warehouse.night(as_of, publish=True)
    with reading(warehouse.settings.home, tmp_path) as found:
        for number in range(1, NIGHTS + 1):
            deliver(warehouse.landing, rows[number * share : (number + 1) * share], f"night-{number}")
            warehouse.night(as_of + timedelta(hours=number), publish=True)
    assert found["errors"] == []
    assert found["mixed"] == 0
    assert found["sessions"] > 5 * NIGHTS
    with warehouse.raw() as con:
        published = con.execute("SELECT publish_id FROM ledger.publishes ORDER BY published_at").fetchall()
    assert len(published) == NIGHTS + 1
    # Every build was seen, in order, and none came back.
    assert found["seen"] == [publish_id for (publish_id,) in published]
