"""Dagster's record of runs is written through connections that stay open, and says the same."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import dagster as dg
import pytest
from sqlalchemy import Engine, event

from orchestration.graph.run_history import MOST_OPEN, QuickEventLogStorage
from orchestration.settings import PROJECT_DIR

EVENTS = 30


@pytest.fixture
def dagster_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    home = tmp_path / "dagster"
    home.mkdir()
    shutil.copy(PROJECT_DIR / "dagster.yaml", home)
    monkeypatch.setenv("FINOPS_HOME", str(tmp_path))
    return str(home)


def open_databases(folder: Path) -> set[str]:
    """Database files of a folder that this process has open."""
    links = [os.path.realpath(link) for link in Path("/proc/self/fd").iterdir()]
    return {link for link in links if link.startswith(str(folder)) and link.endswith(".db")}


def test_history_is_complete_closed_and_opened_once(dagster_home: str) -> None:
    """Mistake caught: an event that is lost, a file that stays locked or unfinished after the run, and a speed-up that
    an update of Dagster has undone."""
    opened: list[None] = []

    def count(*_connection: object) -> None:
        opened.append(None)

    with dg.DagsterInstance.from_config(dagster_home) as instance:
        instance.report_runless_asset_event(dg.AssetMaterialization("a"))
        event.listen(Engine, "connect", count)
        for number in range(EVENTS):
            instance.report_runless_asset_event(dg.AssetMaterialization("a", metadata={"number": number}))
        event.remove(Engine, "connect", count)
    assert len(opened) < 3
    assert not list(Path(dagster_home).rglob("*-wal"))
    assert (Path(dagster_home) / "history" / "runs" / "index.db").exists()
    with dg.DagsterInstance.from_config(dagster_home) as instance:
        found = instance.fetch_materializations(dg.AssetKey("a"), limit=EVENTS + 2)
        assert len(found.records) == EVENTS + 1
        assert found.records[0].asset_materialization.metadata["number"].value == EVENTS - 1


def test_dagsters_own_class_reads_the_same_files(dagster_home: str) -> None:
    """Mistake caught: runs that are gone when somebody takes the setting out of `dagster.yaml`."""
    with dg.DagsterInstance.from_config(dagster_home) as instance:
        instance.report_runless_asset_event(dg.AssetMaterialization("a"))
    (Path(dagster_home) / "dagster.yaml").write_text("telemetry:\n  enabled: false\n", encoding="utf-8")
    with dg.DagsterInstance.from_config(dagster_home) as instance:
        assert len(instance.fetch_materializations(dg.AssetKey("a"), limit=2).records) == 1


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks the kernel which files are open")
def test_the_files_of_many_runs_are_not_all_kept_open(tmp_path: Path) -> None:
    """Mistake caught: a server that runs out of open files after some months of nights."""
    storage = QuickEventLogStorage(str(tmp_path))
    for number in range(MOST_OPEN + 5):
        with storage.run_connection(f"run-{number}"):
            pass
    assert 0 < len(open_databases(tmp_path)) <= MOST_OPEN
    storage.dispose()
    assert not open_databases(tmp_path)
