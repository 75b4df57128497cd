"""The night as a plain function and as Dagster's job."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from pipeline.command import Home
from pipeline.random_company import START, RandomCompany, deliver, first_reference, write_reference
from pipeline.whole import require_whole

AS_OF = START + timedelta(days=42, hours=6)
PLAIN = f"""
from datetime import datetime
from orchestration.build.night import Night, run_night
from orchestration.settings import get_settings

run_night(Night(get_settings(), "plain", datetime.fromisoformat("{AS_OF.isoformat()}")))
"""


@pytest.mark.slow
def test_the_function_and_the_job_publish_the_same(lean_project: Path, tmp_path: Path) -> None:
    """Mistake caught: a step that the job has and the function lacks, or that the two do in another order."""
    seeds = tmp_path / "seeds"
    write_reference(seeds, first_reference())
    homes = {name: Home(tmp_path / name, project=lean_project, FINOPS_SEEDS=str(seeds)) for name in ("job", "plain")}
    for home in homes.values():
        deliver(home.landing, RandomCompany(23).rows, "all")
    homes["job"].nightly(AS_OF.isoformat())
    done = subprocess.run(
        [sys.executable, "-c", PLAIN],
        cwd=lean_project,
        env=homes["plain"].environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert require_whole(homes["plain"]) == require_whole(homes["job"])
    with homes["plain"].published() as con:
        assert con.execute("SELECT count(*) > 100 FROM attempts").fetchone() == (True,)
