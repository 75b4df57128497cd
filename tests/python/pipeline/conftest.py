"""Fixtures that several modules of pipeline tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.engine import Engine


@pytest.fixture(scope="session", autouse=True)
def _no_settings_of_whoever_runs_this() -> None:
    """`make test` unsets them; by hand they may be set, and a test must not touch that folder."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("FINOPS_HOME", "FINOPS_LANDING", "FINOPS_SEEDS"):
            patch.delenv(name, raising=False)
        yield


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """dbt, parsed once for all tests of this process."""
    return Engine(tmp_path_factory.mktemp("engine"))


@pytest.fixture
def homes(tmp_path: Path) -> Path:
    """Folder for the state folders of one test."""
    return tmp_path
