"""What of the project decides the figures, and what decides whether they are believed: as one number each."""

from __future__ import annotations

import hashlib
from pathlib import Path

from orchestration.settings import PROJECT_DIR

_CODE = (
    "dbt_project.yml",
    "models/**/*",
    "macros/**/*",
    "seeds/**/*.yml",
    "orchestration/ingest/**/*.py",
    "orchestration/sources/**/*.py",
    "orchestration/sources/**/*.yml",
)
_CHECKS = ("tests/generic/**/*", "tests/reconciliation/**/*", "orchestration/quality/**/*")


def code_hash(project_dir: Path = PROJECT_DIR) -> str:
    """Hex digest of everything that decides what is computed: models, macros, seed declarations, ingest."""
    return _hash(project_dir, _CODE)


def checks_hash(project_dir: Path = PROJECT_DIR) -> str:
    """Hex digest of everything that decides what is checked, besides what stands with the models."""
    return _hash(project_dir, _CHECKS)


def _hash(project_dir: Path, patterns: tuple[str, ...]) -> str:
    digest = hashlib.sha256()
    found = {path for pattern in patterns for path in project_dir.glob(pattern) if path.is_file()}
    for path in sorted(path for path in found if "__pycache__" not in path.parts):
        digest.update(path.relative_to(project_dir).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
