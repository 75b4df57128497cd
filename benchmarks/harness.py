"""How the benchmarks measure: CPU and memory of a whole process tree, both sides of a comparison in turns."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.limits import BOUNDS, Bound
from orchestration.settings import PROJECT_DIR

_LOOK_EVERY_SECONDS = 0.1


@dataclass(frozen=True)
class Measured:
    """What one run used.

    Attributes:
        cpu_seconds: user plus system time of the process and of all that it started.
        peak_bytes: the most memory that they held at once, pages that they share counted once.
        answer: what the measured function returned; nothing for a command.
    """

    cpu_seconds: float
    peak_bytes: int
    answer: Any = None


@dataclass(frozen=True)
class Result:
    """One line of the table.

    Attributes:
        name: key of its bounds.
        value: in ``unit``.
        parts: medians that the value was made of, in CPU-seconds.
    """

    name: str
    measure: str
    value: float
    unit: str = "x"
    parts: Mapping[str, float] = field(default_factory=dict)
    peak_bytes: int = 0

    @property
    def bound(self) -> Bound:
        """Goal and limit of the value."""
        return BOUNDS[self.name]


class BenchmarkFailed(RuntimeError):
    """A run ended badly, or the two sides of a comparison do not say the same."""


def run_command(*command: str, **environment: str) -> Measured:
    """Run a command of the project to its end, without the settings of whoever runs the benchmark.

    Raises:
        BenchmarkFailed: its exit code is not 0.
    """
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("FINOPS_", "DBT_", "DAGSTER_"))}
    before = _children_cpu()
    with subprocess.Popen(
        [sys.executable, "-m", *command], cwd=PROJECT_DIR, env={**plain, **environment},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
    ) as process:  # fmt: skip
        peak = [0]
        watcher = threading.Thread(target=watch_memory, args=(process, peak))
        watcher.start()
        printed, _ = process.communicate()
        watcher.join()
    if process.returncode:
        raise BenchmarkFailed(f"{' '.join(command)} ended with {process.returncode}:\n{printed[-3000:]}")
    return Measured(_children_cpu() - before, peak[0], printed)


def run_function(function: Callable[..., Any], *arguments: Any) -> Measured:
    """Run a function of a module of the benchmarks in a process of its own; its imports are not counted.

    ``arguments`` and what it returns have to be JSON.
    """
    place = f"{function.__module__}:{function.__name__}"
    done = run_command("benchmarks.harness", place, json.dumps(arguments))
    told = json.loads(done.answer.splitlines()[-1])
    return Measured(told["cpu_seconds"], done.peak_bytes, told["answer"])


def in_turns(repetitions: int, **sides: Callable[[], Measured]) -> dict[str, list[Measured]]:
    """Run every side, ``repetitions`` times in turns, so that whatever else the machine does falls on all of them."""
    found: dict[str, list[Measured]] = {name: [] for name in sides}
    for _ in range(repetitions):
        for name, side in sides.items():
            found[name].append(side())
            print(f"  {name}: {found[name][-1].cpu_seconds:.1f} CPU-s", file=sys.stderr, flush=True)
    return found


def cpu(runs: list[Measured]) -> float:
    """Median of the CPU-seconds of some runs."""
    return median(run.cpu_seconds for run in runs)


def peak(*sides: list[Measured]) -> int:
    """The highest peak of some runs, in bytes."""
    return max(run.peak_bytes for runs in sides for run in runs)


def require_equal(what: str, *answers: Any) -> None:
    """Both sides say the same, to the last digit.

    Raises:
        BenchmarkFailed: they do not.
    """
    if any(answer != answers[0] for answer in answers):
        raise BenchmarkFailed(f"{what} differ: {answers}")


def watch_memory(process: subprocess.Popen[str], peak: list[int]) -> None:
    """Keep the highest memory of a process and its children in ``peak`` (bytes) until it ends. Linux only; elsewhere
    it stays 0."""
    while process.poll() is None:
        peak[0] = max(peak[0], sum(map(_memory_of, _tree(process.pid))))
        time.sleep(_LOOK_EVERY_SECONDS)


def _tree(process_id: int) -> Iterator[int]:
    yield process_id
    try:
        threads = list(Path(f"/proc/{process_id}/task").iterdir())
        children = [child for thread in threads for child in (thread / "children").read_text().split()]
    except OSError:
        return
    for child in children:
        yield from _tree(int(child))


def _memory_of(process_id: int) -> int:
    try:
        lines = Path(f"/proc/{process_id}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def _children_cpu() -> float:
    times = os.times()
    return times.children_user + times.children_system


def _main(place: str, arguments: str) -> None:
    module, _, name = place.partition(":")
    function = getattr(__import__(module, fromlist=[name]), name)
    before = sum(os.times()[:4])
    answer = function(*json.loads(arguments))
    print(json.dumps({"cpu_seconds": sum(os.times()[:4]) - before, "answer": answer}, default=str))


if __name__ == "__main__":
    _main(*sys.argv[1:])
