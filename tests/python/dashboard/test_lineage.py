"""The page of dbt's documentation: from a manifest, cut down, and closed to the network."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from orchestration.dashboard.lineage import lineage_page, slim_manifest
from orchestration.settings import Settings


def _node(kind: str, **more: str) -> dict[str, Any]:
    return {
        "resource_type": kind,
        "name": kind,
        "columns": {"c": {"name": "c", "description": "d", "data_type": "date"}},
        **more,
    }


@pytest.fixture
def manifest() -> dict[str, Any]:
    return {
        "metadata": {"env": {"SECRET": "x"}, "project_name": "p"},
        "nodes": {
            "model.p.a": _node("model", raw_code="select 1", compiled_code="select 2", description="</script>"),
            "test.p.t": _node("test", raw_code="select 3"),
            "operation.p.o": _node("operation"),
        },
        "sources": {},
        "macros": {"macro.p.m": {"macro_sql": "x"}},
        "docs": {},
    }


def test_manifest_is_cut_down_to_what_the_page_shows(manifest: dict[str, Any]) -> None:
    """Mistake caught: a page that grows with every test's SQL, or that shows the environment of the run."""
    slim = slim_manifest(manifest)
    assert set(slim["nodes"]) == {"model.p.a", "test.p.t"}
    assert (slim["macros"], slim["metadata"]["env"], slim["nodes"]["test.p.t"]["raw_code"]) == ({}, {}, "")
    assert slim["nodes"]["model.p.a"]["raw_code"] == "select 1"
    column = slim["nodes"]["model.p.a"]["columns"]["c"]
    assert column == {"name": "c", "description": "d", "tags": None, "type": "date"}


def test_places_on_this_machine_are_not_told(manifest: dict[str, Any]) -> None:
    """Mistake caught: the state folder's path in a page that is mailed; a tree so deep that dbt's page gives up."""
    seed = _node(
        "seed", original_file_path="/home/somebody/warehouse/seeds/budgets.csv", root_path="/home/somebody/project"
    )
    slim = slim_manifest(manifest | {"nodes": {"seed.p.budgets": seed}})
    assert slim["nodes"]["seed.p.budgets"]["original_file_path"] == "seeds/budgets.csv"
    assert "somebody" not in json.dumps(slim)


def test_page_holds_the_manifest_and_calls_nobody(
    manifest: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mistake caught: a new dbt whose page has other placeholders; a page that looks for icons on the disk."""
    file = tmp_path / "manifest.json"
    file.write_text(json.dumps(manifest), encoding="utf-8")
    monkeypatch.setattr("orchestration.dashboard.lineage.ensure_manifest", lambda _settings: file)
    page = lineage_page(Settings(home=tmp_path))
    assert "select 1" in page and "select 2" not in page and "INLINE DATA" not in page
    assert "connect-src 'none'" in page and "getIcon" in page
    assert '<use xlink:href="{{' not in page and "favicon.ico" not in page
    assert len(page) < 2_500_000
