"""The models of leaks and drivers as SQL that a test can feed with rows of its own."""

from __future__ import annotations

import pytest
from pipeline.engine import Engine

from orchestration.reference import prepare

MODELS = ("int_attempt_leaks", "int_driver_use_cases", "int_driver_cells", "int_driver_effects", "cost_change_drivers")


@pytest.fixture(scope="session")
def compiled(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """SQL of a model by its name, as a full build runs it."""
    warehouse = engine.warehouse(tmp_path_factory.mktemp("empty"))
    prepare(warehouse.settings)
    return engine.compiled(warehouse.settings, MODELS)
