"""The warehouse of the ingest tests, some days later: desks' records are of the first two days of July."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from ingest.conftest import Warehouse

from orchestration.ingest.report import IngestReport

LATER = datetime(2026, 7, 5, tzinfo=UTC)


class DeskWarehouse(Warehouse):
    """A raw database over a landing folder, on 5 July 2026."""

    def ingest(self, source: str = "zendesk", **arguments: Any) -> IngestReport:
        return super().ingest(source, **{"as_of": LATER, "now": LATER, **arguments})


@pytest.fixture
def make_warehouse(tmp_path: Path) -> Iterator[Callable[..., Warehouse]]:
    """Make warehouses, each with its own home."""
    made: list[Warehouse] = []

    def make(name: str = "home", **settings: Any) -> Warehouse:
        warehouse = DeskWarehouse(tmp_path / name, **settings)
        made.append(warehouse)
        return warehouse

    yield make
    for warehouse in made:
        warehouse.con.close()


@pytest.fixture
def warehouse(make_warehouse: Callable[..., Warehouse]) -> Warehouse:
    return make_warehouse()
