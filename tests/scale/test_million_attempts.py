"""A million attempts from landing files to published marts in half a gigabyte. It takes minutes: `make test-scale`."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from benchmarks import floor, homes
from benchmarks.company import write_company

ATTEMPTS = int(os.environ.get("SCALE_ATTEMPTS", "1000000"))
LIMIT_BYTES = 2 * 10**9

pytestmark = pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="needs Linux to measure memory")


def test_memory_is_a_promise(tmp_path: Path) -> None:
    """Mistake caught: a join whose hash side holds attempts, a file, table or mart held in memory at once; and figures
    that depend on how much memory there was."""
    company = write_company(tmp_path / "company", ATTEMPTS, days=1)
    small, large = (homes.home_of(company, tmp_path / name) for name in ("small", "large"))
    in_little = homes.nightly(small, homes.TODAY, FINOPS_MEMORY_LIMIT="512MB")
    homes.nightly(large, homes.TODAY, FINOPS_MEMORY_LIMIT="4GB")
    assert homes.content_hash(small) == homes.content_hash(large)
    floor.require_same(small, homes.as_of(homes.TODAY))
    assert 2 * 10**8 < in_little.peak_bytes < LIMIT_BYTES, f"{in_little.peak_bytes / 1e9:.2f} GB"
