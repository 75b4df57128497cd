"""A copy of the project without its dbt tests, for runs that are about something else: a quarter of the time."""

from __future__ import annotations

import shutil
from pathlib import Path

import yaml

from orchestration.settings import PROJECT_DIR

_COPIED = (
    "models", "macros", "seeds", "tests/generic", "tests/fixtures", "orchestration", "dbt_project.yml", "profiles.yml",
    "dagster.yaml", ".dbtignore",
)  # fmt: skip


def copy_project(project: Path, *, enabled_tests: tuple[str, ...] = ()) -> Path:
    """Copy what a nightly run needs; of the dbt tests only those with these names stay."""
    for name in _COPIED:
        source, target = PROJECT_DIR / name, project / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "*unit_tests.yml"))
        elif source.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
    settings = yaml.safe_load((project / "dbt_project.yml").read_text())
    name = settings["name"]
    enabled = {test: {"+enabled": True} for test in enabled_tests}
    settings["data_tests"] = {"+severity": "error", name: {"+enabled": False, **enabled}}
    settings["unit_tests"] = {name: {"+enabled": False}}
    (project / "dbt_project.yml").write_text(yaml.safe_dump(settings))
    return project
