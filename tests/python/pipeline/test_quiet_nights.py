"""Nights with little or nothing new, by the real command: what runs, what is published, what is written down."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from orchestration.publish.files import builds_dir
from orchestration.sample_company import write

from .command import Home
from .whole import require_whole


@pytest.mark.slow
def test_copies_and_quiet_nights_publish_nothing(lean_project: Path, tmp_path: Path) -> None:
    """Mistake caught: an equal build that pushes a real one out of the kept ones, a copy that the ledger does not know,
    a night of nothing that starts Dagster, one that goes by the stage list as if it had built."""
    home = Home(tmp_path / "home", project=lean_project)
    write(home.landing, scale=0.02)
    assert "published" in home.nightly()
    first = require_whole(home)
    publish_id = home.publishes()[-1].publish_id
    runs = _runs(home)

    assert home.nightly().strip() == f"nothing new since {publish_id}"
    assert _runs(home) == runs

    landed = next((home.landing / "rework").rglob("*.jsonl*"))
    shutil.copy(landed, landed.with_name(f"copy-{landed.name}"))
    other = next((home.landing / "inference").rglob("*.jsonl"))
    lines = other.read_text(encoding="utf-8").splitlines(keepends=True)
    other.with_name("reversed.jsonl").write_text("".join(reversed(lines)), encoding="utf-8")
    printed = home.nightly()
    assert f"nothing new since {publish_id}" in printed
    assert "unchanged" in printed
    assert require_whole(home) == first
    assert [path.name for path in builds_dir(home.settings).iterdir()] == [publish_id]
    with home.raw() as con:
        assert con.execute(
            "SELECT rows_in = duplicate AND rows_in > 0 FROM ledger.load_files WHERE first_name LIKE '%reversed.jsonl'"
        ).fetchone() == (True,)
        assert con.execute("SELECT count(*), count(DISTINCT publish_id) FROM ledger.finished_runs").fetchone() == (2, 1)

    shutil.rmtree(home.path / "published" / "dashboards")
    assert home.nightly().strip() == f"nothing new since {publish_id}"
    assert (home.path / "published" / "dashboard" / "index.html").exists()


def _runs(home: Home) -> set[str]:
    """Names of the runs that Dagster keeps a record of."""
    return {path.name for path in (home.path / "dagster" / "history" / "runs").iterdir()}
