"""Each wing of the orchestration uses lower ones only, as `pyproject.toml` orders them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from orchestration.settings import PROJECT_DIR


def lint_imports(project: Path) -> subprocess.CompletedProcess[str]:
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache"]
    environment = {**os.environ, "PYTHONPATH": str(project), "COLUMNS": "200"}
    return subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)


def test_no_wing_uses_a_higher_one() -> None:
    """Catches a circle in the making: ingest that asks for a source, a build that asks for Dagster."""
    done = lint_imports(PROJECT_DIR)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("ingest/load.py", "from orchestration.sources.registry import SOURCES"),
        ("build/plan.py", "def _late():\n    from orchestration.graph.keys import PLAN"),
        ("alerts/outbox.py", "import orchestration.dashboard.site"),
        ("loose.py", "import orchestration.settings"),
        ("build/plan.py", "import dagster"),
    ],
    ids=["upwards", "upwards inside a function", "sideways", "a module that has no wing", "Dagster outside the graph"],
)
def test_the_order_of_the_wings_is_held(tmp_path: Path, module: str, line: str) -> None:
    """Catches a rule that is written down and not looked at."""
    shutil.copytree(PROJECT_DIR / "orchestration", tmp_path / "orchestration", ignore=shutil.ignore_patterns("__py*"))
    shutil.copy(PROJECT_DIR / "pyproject.toml", tmp_path)
    with (tmp_path / "orchestration" / module).open("a", encoding="utf-8") as file:
        file.write(f"\n{line}\n")
    done = lint_imports(tmp_path)
    assert done.returncode == 1, done.stdout
    assert module.removesuffix(".py").replace("/", ".") in done.stdout
