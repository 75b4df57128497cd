"""The benchmarks as one command; its exit code is 1 when one is above its limit.

python -m benchmarks [--only B1,B3] [--repetitions 3] [--scale 1] [--work FOLDER]
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from benchmarks import history, loading, models, scale
from benchmarks.harness import Result
from orchestration.settings import PROJECT_DIR

Benchmark = Callable[[Path, int, float], list[Result]]
BENCHMARKS: dict[str, Benchmark] = {
    "B1": loading.native,
    "B1L": loading.litellm,
    "B2": models.core,
    "B2a": models.every,
    "B3": history.nights,
    "B5": loading.redelivery,
    "B7": scale.one_day,
    "B4": scale.first_build,
    "B4n": scale.large_night,
}
# Found by the nights of B3 as well.
SAME_AS = {"B3n": "B3", "B6": "B3"}
# They take as long as all others together, so they run when they are named, and once.
ONLY_WHEN_NAMED = ("B4", "B4n")


def main() -> int:
    """Run the benchmarks, print a table and return 0 when each is within its limit."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="names, separated by commas; B4 and B4n only run when named")
    parser.add_argument("--repetitions", type=int, help="runs of each side; default 3, 1 where one takes minutes")
    parser.add_argument("--scale", type=float, default=1, help="share of the rows; limits are for 1")
    parser.add_argument("--work", type=Path, default=PROJECT_DIR / "var" / "benchmarks")
    arguments = parser.parse_args()
    known = {name.lower(): name for name in [*BENCHMARKS, *SAME_AS]}
    named = [name for name in arguments.only.lower().split(",") if name]
    if unknown := [name for name in named if name not in known]:
        parser.error(f"unknown: {', '.join(unknown)}; known are {', '.join(known.values())}")
    chosen = [SAME_AS.get(known[name], known[name]) for name in named]
    chosen = chosen or [name for name in BENCHMARKS if name not in ONLY_WHEN_NAMED]

    # Companies are written once per size; states are of this run's code.
    work = arguments.work.resolve() / f"scale-{arguments.scale:g}"
    shutil.rmtree(work / "homes", ignore_errors=True)
    (work / "homes").mkdir(parents=True)
    results = []
    for name in dict.fromkeys(chosen):
        print(name, file=sys.stderr, flush=True)
        repetitions = arguments.repetitions or (1 if name in ONLY_WHEN_NAMED else 3)
        found = BENCHMARKS[name](work, repetitions, arguments.scale)
        for result in found:
            print(_line(result), file=sys.stderr, flush=True)
        results += found
    shutil.rmtree(work / "homes")
    (work / "results.json").write_text(json.dumps([asdict(result) for result in results], indent=2), encoding="utf-8")
    print("| id | measure | measured | goal | limit | CPU-s | peak |\n|---|---|---|---|---|---|---|")
    print("\n".join(map(_line, results)))
    above = [result.name for result in results if result.value > result.bound.limit]
    if above:
        print(f"above their limit: {', '.join(above)}", file=sys.stderr)
    return 1 if above else 0


def _line(result: Result) -> str:
    parts = ", ".join(f"{name} {seconds:.1f}" for name, seconds in result.parts.items())
    peak = f"{result.peak_bytes / 1e9:.2f} GB" if result.peak_bytes else ""
    value = f"{result.value:.3g} {result.unit}"
    goal, limit = result.bound
    return f"| {result.name} | {result.measure} | {value} | {goal:g} | {limit:g} | {parts} | {peak} |"


if __name__ == "__main__":
    sys.exit(main())
