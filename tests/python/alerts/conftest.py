"""A warehouse that has published crossings of budgets, without a build: what alerts read and write is all there is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from orchestration.settings import Settings
from orchestration.sources.registry import landed_columns
from orchestration.warehouse.tables import ensure_tables

from .receiver import LocalReceiver

NOW = datetime(2026, 9, 28, 6, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = Settings(home=tmp_path / "home", alert_allow_private=True)
    made.make_folders()
    with duckdb.connect(str(made.raw_database)) as con:
        ensure_tables(con, landed_columns())
    return made


@pytest.fixture
def receiver() -> Iterator[LocalReceiver]:
    made = LocalReceiver()
    made.start()
    yield made
    made.stop()


@pytest.fixture
def publish(settings: Settings) -> Callable[..., None]:
    """Publish crossings, each a mapping that may leave out what every crossing has."""
    published = []

    def make(crossings: list[dict], *, as_of: datetime = NOW) -> None:
        published.append(as_of)
        settings.published_database.unlink(missing_ok=True)
        with duckdb.connect(str(settings.published_database)) as con:
            con.execute("SET TimeZone = 'UTC'")
            con.execute(
                "CREATE SCHEMA marts; CREATE TABLE marts.budget_alerts (alert_key VARCHAR, owner VARCHAR,"
                " use_case VARCHAR, budget VARCHAR, month DATE, budget_revision INTEGER, threshold VARCHAR,"
                " crossed_day DATE, spent_amount DECIMAL(38, 12), limit_amount DECIMAL(38, 12), escalate_to VARCHAR,"
                " is_standing BOOLEAN)"
            )
            for crossing in crossings:
                row = {
                    "alert_key": "k", "owner": "ana", "use_case": "u", "budget": "production", "month": "2026-09-01",
                    "budget_revision": 1, "threshold": "soft", "crossed_day": "2026-09-28", "spent_amount": "80.5",
                    "limit_amount": "100", "escalate_to": "head", "is_standing": True,
                } | crossing  # fmt: skip
                con.execute(
                    f"INSERT INTO marts.budget_alerts ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})",
                    list(row.values()),
                )
        with duckdb.connect(str(settings.raw_database)) as con:
            con.execute("SET TimeZone = 'UTC'")
            number = len(published)
            con.execute(
                "INSERT INTO ledger.publishes VALUES (?, ?, ?, ?, 'h', 1, 1, 'r', 'c')",
                [f"p{number}", f"r{number}", as_of, NOW + timedelta(seconds=number)],
            )

    return make


@pytest.fixture
def outbox(settings: Settings) -> Callable[[], dict[str, dict]]:
    """The outbox by key."""

    def read() -> dict[str, dict]:
        with duckdb.connect(str(settings.raw_database)) as con:
            con.execute("SET TimeZone = 'UTC'")
            cursor = con.execute("SELECT * FROM ledger.alert_outbox")
            names = [column[0] for column in cursor.description]
            rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        assert len({row["alert_key"] for row in rows}) == len(rows)
        return {row["alert_key"]: row for row in rows}

    return read
