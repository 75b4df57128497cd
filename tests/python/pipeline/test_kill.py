"""Killed at any point, a run leaves what was published as it was, and the next run converges."""

from __future__ import annotations

import shutil
import signal
import time
from pathlib import Path
from random import Random

import pytest

from orchestration.instants import parse_instant
from orchestration.sample_company import AS_OF, write

from .command import Home
from .engine import Engine
from .readers import reading
from .whole import require_whole

# Stage and passage; ingest comes first because it loads what the later ones build. The third check of Great
# Expectations looks at landed rows; dbt's events are about three for each model and test.
FAILPOINTS = (
    "insert_rows:3", "after_commit:1", "gx:3", "dbt:12", "dbt:90", "publish_switch:1", "publish_ledger:1",
)  # fmt: skip
SWITCHED = "publish_ledger:1"
# Seconds after which a first run is killed, wherever it may be by then.
ANYWHERE = [Random(11).uniform(longest / 2, longest) for longest in (8, 16)]


def _split(landing: Path, second: Path) -> None:
    """Move every other file aside, to be delivered later."""
    for number, path in enumerate(sorted(p for p in landing.rglob("*") if p.is_file())):
        if number % 2:
            target = second / path.relative_to(landing)
            target.parent.mkdir(parents=True, exist_ok=True)
            path.rename(target)


def _kill_anywhere(home: Home) -> None:
    for seconds in ANYWHERE:
        with home.start("nightly", "--as-of", AS_OF) as process:
            time.sleep(seconds)
            process.kill()
            process.communicate()


@pytest.mark.slow
def test_killed_at_every_stage(engine: Engine, lean_project: Path, tmp_path: Path) -> None:
    """Mistake caught: rows without their ledger entry, a half-replaced day that no later plan touches, a build that
    readers see before it is complete, a publish that the ledger forgets; and a point between the named stages at which
    a kill cannot be mended."""
    home = Home(tmp_path / "home", project=lean_project)
    write(home.landing, scale=0.02)
    unharmed = engine.warehouse(tmp_path / "unharmed")
    shutil.copytree(home.landing, unharmed.landing, dirs_exist_ok=True)
    wanted = unharmed.night(parse_instant(AS_OF)).content_hash

    _split(home.landing, tmp_path / "second")
    _kill_anywhere(home)
    home.nightly(AS_OF)
    first = require_whole(home)
    assert first != wanted
    shutil.copytree(tmp_path / "second", home.landing, dirs_exist_ok=True)
    with reading(home.path, tmp_path) as found:
        for failpoint in FAILPOINTS:
            home.finops("nightly", "--as-of", AS_OF, expect=-signal.SIGKILL, FINOPS_FAIL_AT=failpoint)
            # Killed after the switch, the new build is what readers see, and it is whole.
            assert require_whole(home) == (wanted if failpoint == SWITCHED else first), failpoint
        home.nightly(AS_OF)
    assert require_whole(home) == wanted
    assert found["errors"] == []
    assert found["mixed"] == 0
    # The last night finds what the one before had published already, and publishes nothing again.
    assert len(found["seen"]) == 2
    with home.raw() as con:
        rows = con.execute(
            "SELECT count(*), count(DISTINCT (source, file_sha256)),"
            " bool_and(rows_in = loaded + duplicate + superseded + quarantined) FROM ledger.load_files"
        ).fetchone()
        publishes = con.execute("SELECT publish_id FROM ledger.publishes ORDER BY published_at").fetchall()
    assert rows[0] == rows[1]
    assert rows[2]
    assert [publish_id for (publish_id,) in publishes] == [row.publish_id for row in home.publishes()] == found["seen"]
