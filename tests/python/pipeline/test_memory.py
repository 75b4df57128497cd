"""A large day fits into a small machine."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from pathlib import Path

import pytest

from pipeline.command import Home

# The promise is 3 GB for a million rows; the rest of the rows would only take time here.
ROWS = int(os.environ.get("PIPELINE_MEMORY_ROWS", "150000"))
LIMIT_BYTES = 3 * 10**9
ROWS_A_FILE = 50_000
LINE = (
    '{"attempt_id":"a-%d","request_id":"r-%d","outcome_id":"o-%d","use_case":"claims_triage","provider":"openai",'
    '"model":"gpt-4o","started_at":"2026-0%d-%02dT%02d:%02d:%02dZ","latency_ms":%d,"status":"%s","input_tokens":%d,'
    '"output_tokens":%d,"prompt_hash":"%032x","team":"red"}\n'
)


def _write(folder: Path) -> None:
    folder.mkdir(parents=True)
    for start in range(0, ROWS, ROWS_A_FILE):
        with (folder / f"rows-{start}.jsonl").open("w") as file:
            for n in range(start, min(start + ROWS_A_FILE, ROWS)):
                day = n % 60
                values = (n, n // 2, n // 3, 7 + day // 30, 1 + day % 30, n % 24, n // 7 % 60, n // 11 % 60, n % 9_000)
                status = "error" if n % 50 == 0 else "success"
                file.write(LINE % (*values, status, n % 5_000, n % 700, n * 2_654_435_761))


def _memory_of(process_id: int) -> int:
    """Bytes that a process and all that it started hold, pages that they share counted once."""
    total = 0
    children = Path(f"/proc/{process_id}/task/{process_id}/children")
    try:
        for line in Path(f"/proc/{process_id}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1]) * 1024
        started = [
            int(child) for task in children.parent.parent.iterdir() for child in (task / "children").read_text().split()
        ]
    except (OSError, ProcessLookupError):
        return total
    return total + sum(map(_memory_of, started))


def _peak_of(process: subprocess.Popen[str], peak: list[int]) -> None:
    while process.poll() is None:
        peak[0] = max(peak[0], _memory_of(process.pid))
        time.sleep(0.1)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="needs Linux to measure")
def test_peak_memory(tmp_path: Path) -> None:
    """Mistake caught: a whole file, table or mart held in memory at once."""
    home = Home(tmp_path / "home")
    _write(home.landing / "inference")
    peak = [0]
    with home.start("nightly", "--as-of", "2026-09-01T00:00:00Z") as process:
        watcher = threading.Thread(target=_peak_of, args=(process, peak))
        watcher.start()
        printed, _ = process.communicate(timeout=900)
        watcher.join()
    assert process.returncode == 0, printed
    with home.published() as con:
        assert con.execute("SELECT count(*), count(cost) FROM attempts").fetchone() == (ROWS, ROWS)
    print(f"{ROWS:,} attempts, peak {peak[0] / 1e9:.2f} GB")
    assert 2 * 10**8 < peak[0] < LIMIT_BYTES
