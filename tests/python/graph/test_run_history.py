"""Dagster's record of runs is written through connections that stay open, and says the same."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
from sqlalchemy import Engine, event

from orchestration.graph.run_history import quick_history

EVENTS = 30


def test_history_is_complete_closed_and_opened_once(tmp_path: Path) -> None:
    """Mistake caught: an event that is lost, a file that stays locked or unfinished after the run, and a speed-up that
    an update of Dagster has undone."""
    opened: list[None] = []

    def count(*_connection: object) -> None:
        opened.append(None)

    with quick_history(), dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        instance.report_runless_asset_event(dg.AssetMaterialization("a"))
        event.listen(Engine, "connect", count)
        for number in range(EVENTS):
            instance.report_runless_asset_event(dg.AssetMaterialization("a", metadata={"number": number}))
        event.remove(Engine, "connect", count)
    assert len(opened) < EVENTS
    assert not list(tmp_path.rglob("*-wal"))
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        found = instance.fetch_materializations(dg.AssetKey("a"), limit=EVENTS + 2)
        assert len(found.records) == EVENTS + 1
        assert found.records[0].asset_materialization.metadata["number"].value == EVENTS - 1
