"""A large day fits into a small machine; a million attempts are in `tests/scale`."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import floor, homes
from benchmarks.company import write_company

ATTEMPTS, DAYS = 150_000, 60
LIMIT_BYTES = 2 * 10**9


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="needs Linux to measure")
def test_peak_memory(tmp_path: Path) -> None:
    """Mistake caught: a whole file, table or mart held in memory at once; attempts, costs and acceptances that a few
    lines of SQL over the same files do not find."""
    home = homes.home_of(write_company(tmp_path / "company", ATTEMPTS, DAYS), tmp_path / "home")
    night = homes.nightly(home, homes.TODAY)
    floor.require_same(home, homes.as_of(homes.TODAY))
    assert 2 * 10**8 < night.peak_bytes < LIMIT_BYTES, f"{night.peak_bytes / 1e9:.2f} GB"
