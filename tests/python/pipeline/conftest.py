"""Fixtures that several modules of pipeline tests share."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def homes(tmp_path: Path) -> Path:
    """Folder for the state folders of one test."""
    return tmp_path
