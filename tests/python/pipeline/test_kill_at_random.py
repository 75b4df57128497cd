"""Killed whenever it may be, a run leaves what was published as it was, and the next run converges."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from random import Random

import pytest

from orchestration.instants import parse_instant
from orchestration.sample_company import AS_OF, write
from pipeline.command import Home
from pipeline.engine import Engine
from pipeline.whole import require_whole


@pytest.mark.slow
def test_killed_at_random_times(engine: Engine, lean_project: Path, tmp_path: Path) -> None:
    """Mistake caught: a point between the named stages at which a kill cannot be mended."""
    random = Random(11)
    home = Home(tmp_path / "home", project=lean_project)
    write(home.landing, scale=0.02)
    unharmed = engine.warehouse(tmp_path / "unharmed")
    shutil.copytree(home.landing, unharmed.landing, dirs_exist_ok=True)
    wanted = unharmed.night(parse_instant(AS_OF)).content_hash
    for longest in (12, 40):
        with home.start("nightly", "--as-of", AS_OF) as process:
            time.sleep(random.uniform(longest / 2, longest))
            process.kill()
            process.communicate()
    home.nightly(AS_OF)
    assert require_whole(home) == wanted
