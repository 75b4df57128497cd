"""The chart library bundled once for all tests of the dashboard, and the data that a page carries."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestration.dashboard import site as site_module
from orchestration.dashboard.chart_scripts import chart_scripts
from orchestration.settings import Settings

_DATA = re.compile(r'<script type="application/json" id="data">(.*?)</script>', re.DOTALL)


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> str:
    return chart_scripts(Settings(home=tmp_path_factory.mktemp("library")))


@pytest.fixture(scope="session", autouse=True)
def _bundled_once(library: str) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(site_module, "chart_scripts", lambda _settings: library)
        yield


def data_of(page: Path) -> dict[str, Any]:
    """The data that a page carries, with the texts put back that its rows name by number."""
    found = _DATA.search(page.read_text(encoding="utf-8"))
    assert found is not None
    data = json.loads(found.group(1))
    for extract in data["extracts"].values():
        for column, texts in (extract or {}).get("texts", {}).items():
            position = extract["columns"].index(column)
            for row in extract["rows"]:
                row[position] = None if row[position] is None else texts[row[position]]
    return data
