"""A run killed at any stage. Catches rows without their ledger entry, a ledger entry without rows, and a next run that
ends elsewhere than an undisturbed one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable

import pytest

from orchestration.warehouse.failpoint import fail_at

from .conftest import Warehouse
from .samples import ATTEMPT, jsonl

RUN = """
import sys
from datetime import UTC, datetime
from pathlib import Path
import duckdb
from orchestration.ingest import load
from orchestration.settings import Settings
from orchestration.sources.loading import load_folder
load.GROUP_FILES = 2
settings = Settings(home=Path(sys.argv[1]), hash_key="a test key")
with duckdb.connect(str(settings.raw_database)) as con:
    load_folder(con, "inference", run_id="r", as_of=datetime(2026, 7, 1, 12, tzinfo=UTC), settings=settings)
"""
CONTENT = "SELECT * EXCLUDE (_load_id) FROM native.inference ORDER BY ALL"


def fill(warehouse: Warehouse) -> None:
    for number in range(5):
        rows = [{**ATTEMPT, "attempt_id": f"a-{n}", "output_tokens": number} for n in range(number * 10, 60)]
        warehouse.land(f"inference/{number}.jsonl", jsonl(*rows, "{broken"))
    warehouse.land("inference/refused.jsonl", jsonl(*["{broken"] * 20))


@pytest.mark.parametrize(
    "point", ["stage_file:1", "stage_file:4", "insert_rows:1", "insert_rows:3", "before_commit:2", "after_commit:1"]
)
def test_the_next_run_repairs_a_killed_one(
    make_warehouse: Callable[..., Warehouse], monkeypatch: pytest.MonkeyPatch, point: str
):
    """Catches a torn transaction and a repeated or lost file after SIGKILL."""
    monkeypatch.setattr("orchestration.ingest.load.GROUP_FILES", 2)
    undisturbed = make_warehouse("undisturbed")
    fill(undisturbed)
    undisturbed.ingest()
    killed = make_warehouse("killed")
    fill(killed)
    killed.con.close()
    command = [sys.executable, "-c", RUN, str(killed.settings.home)]
    died = subprocess.run(command, env={**os.environ, "FINOPS_FAIL_AT": point}, check=False, timeout=60)
    assert died.returncode == -signal.SIGKILL
    repaired = Warehouse(killed.settings.home)
    repaired.assert_conserved()
    repaired.ingest()
    assert repaired.all(CONTENT) == undisturbed.all(CONTENT)
    assert repaired.counts() == undisturbed.counts() == (225, 60, 0, 140, 25)
    repaired.assert_conserved()
    left = {path.name for path in killed.settings.warehouse_dir.iterdir()}
    assert not {name for name in left if not name.startswith("raw.duckdb")}


@pytest.mark.parametrize("value", ["insert_rows", "insert_rows:", "insert_rows:0", "insert_rows:x", ":"])
def test_a_failpoint_that_names_nothing_is_an_error(monkeypatch: pytest.MonkeyPatch, value: str):
    """Catches a crash test that kills nothing and is green for that."""
    monkeypatch.setenv("FINOPS_FAIL_AT", value)
    with pytest.raises(ValueError, match="FINOPS_FAIL_AT"):
        fail_at("insert_rows")
