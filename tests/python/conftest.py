"""What tests of several folders share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pipeline.engine import Engine


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Modules that run the whole pipeline come first, so that no worker waits at the end for the one that has them."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


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
    # It takes a second to import dbt, which most tests have no use for.
    from pipeline.engine import Engine

    return Engine(tmp_path_factory.mktemp("engine"))


@pytest.fixture(scope="session")
def lean_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project without dbt tests; see ``copy_project``."""
    from pipeline.lean_project import copy_project

    return copy_project(tmp_path_factory.mktemp("lean") / "project")
