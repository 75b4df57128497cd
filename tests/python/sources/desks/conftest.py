"""The warehouse of the ingest tests, some days later: desks' records are of the first two days of July."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from ingest.conftest import make_warehouse, warehouse

__all__ = ["make_warehouse", "now", "warehouse"]


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 7, 5, tzinfo=UTC)
