"""Calls whose right cost is known from elsewhere, as their logs came, priced with the book that the project has."""

from __future__ import annotations

import csv
import shutil
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pipeline.engine import Engine

from orchestration.settings import PROJECT_DIR

from .engine_warehouse import EngineWarehouse

CASES = PROJECT_DIR.parent / "shared" / "cases" / "pricing"
SEEDS = PROJECT_DIR / "seeds"
# Report of a group that several sources logged: whose row counts is a matter of declared precedence.
OF_SEVERAL_SOURCES = "langfuse#1872"
# A span with 1,408 cached of 1,459 tokens, 110 of them audio: 59 to 110 of the audio were cached, 64 in truth.
OPEN_CACHE = "livekit#5121"
NOT_SAID = "the span does not say how much of the audio was cached; the least that fits is taken, and it is flagged"
NO_PRECEDENCE = "precedence among sources that log the same call is not declared yet"

pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason="the cases are not here (shared/cases/pricing)")


def expected() -> list[dict[str, str]]:
    """The known calls; none where they are not here."""
    if not CASES.is_dir():
        return []
    with (CASES / "expected.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def single_calls() -> list[Any]:
    """Calls that have a cost of their own, or none."""
    rows = [row for row in expected() if not row["right_cost"].endswith(" once")]
    return [
        pytest.param(
            row, id=f"{row['source']} {row['attempt_id']}",
            marks=pytest.mark.xfail(strict=True, reason=NOT_SAID) if row["report"].startswith(OPEN_CACHE) else (),
        )
        for row in rows
    ]  # fmt: skip


def groups() -> list[Any]:
    """Calls that were logged more than once, by the report that tells of them."""
    by_report: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in expected():
        if row["right_cost"].endswith(" once"):
            by_report[row["report"].split()[0]].append(row)
    return [
        pytest.param(
            rows, id=report,
            marks=pytest.mark.xfail(strict=True, reason=NO_PRECEDENCE) if report == OF_SEVERAL_SOURCES else (),
        )
        for report, rows in by_report.items()
    ]  # fmt: skip


@pytest.fixture(scope="module")
def warehouse(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> EngineWarehouse:
    made = EngineWarehouse(engine, tmp_path_factory.mktemp("known"))
    for seed in SEEDS.glob("*.csv"):
        shutil.copy(seed, made.seeds / seed.name)
    landing = Path(made.settings.landing_url)
    for folder in (CASES / "landing").iterdir():
        shutil.copytree(folder, landing / folder.name, dirs_exist_ok=True)
    for file in (CASES / "clients").glob("*.jsonl"):
        source = f"{file.name.partition('_')[0]}-clients"
        (landing / source).mkdir(exist_ok=True)
        shutil.copy(file, landing / source / file.name)
    made.build("attempts", "attempt_units", "price_coverage")
    return made


@pytest.mark.parametrize("row", single_calls())
def test_a_call_costs_what_is_known(warehouse: EngineWarehouse, row: dict[str, str]) -> None:
    """Catches units that are lost, billed as text or twice, and a price that nobody states taken for nothing."""
    found = warehouse.all(
        "select cost, cost_source from attempts where source = ? and attempt_id = ?", row["source"], row["attempt_id"]
    )
    assert len(found) == 1, "the attempt is lost"
    ((cost, cost_source),) = found
    if row["right_cost"].startswith(("unknown", "unpriced")):
        assert (cost, cost_source) == (None, "unpriced")
    elif row["right_cost"] != "visible":
        assert cost == Decimal(row["right_cost"])


def test_a_call_that_leaves_its_cost_open_is_flagged(warehouse: EngineWarehouse) -> None:
    """Catches a guess that looks like knowledge."""
    reports = {row["attempt_id"] for row in expected() if row["report"].startswith(OPEN_CACHE)}
    assert len(reports) == 1
    flagged = "select cost_source, usage_disagrees from attempts where attempt_id = ?"
    assert warehouse.all(flagged, *reports) == [("price_book", True)]


@pytest.mark.parametrize("rows", groups())
def test_a_call_that_was_logged_twice_costs_once(warehouse: EngineWarehouse, rows: list[dict[str, str]]) -> None:
    """Catches a call that several spans or sources tell of counted as often as it was told."""
    costs = [
        cost
        for row in rows
        for (cost,) in warehouse.all(
            "select cost from attempts where source = ? and attempt_id = ?", row["source"], row["attempt_id"]
        )
    ]
    assert sum(costs) == Decimal(rows[0]["right_cost"].removesuffix(" once"))


def test_what_has_no_cost_is_counted(warehouse: EngineWarehouse) -> None:
    """Catches a call without a cost that no report shows."""
    unpriced = warehouse.all("select count(*) from attempts where cost is null and unpriced_reason is not null")
    assert unpriced == warehouse.all("select sum(unpriced_attempts) from price_coverage")
    assert warehouse.all("select count(*) from attempts where cost is null and unpriced_reason is null") == [(0,)]


def test_what_real_clients_wrote_costs_what_the_provider_billed(warehouse: EngineWarehouse) -> None:
    """Catches cached audio at the price of fresh audio, an estimate of a failed call that is billed, and a one-hour
    write at the price of a short one."""
    found = warehouse.all(
        "select source, status, cost from attempts where source in ('litellm-clients', 'otel-clients') order by all"
    )
    assert found == [
        ("litellm-clients", "error", Decimal(0)),
        ("litellm-clients", "rate_limited", Decimal(0)),
        ("litellm-clients", "success", Decimal("0.00062202")),
        ("otel-clients", "success", Decimal("0.0024987")),
        ("otel-clients", "timeout", Decimal(0)),
    ]
