"""An analyst's process: opens what is published again and again, and writes down what it saw.

``python reader.py <home> <file>`` reads until the file ``<file>.stop`` exists, then writes its findings as JSON.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import duckdb

# Marts that one build fills from the same rows; in a mix of two builds they would not agree.
AGREEMENT = """
    SELECT
        (SELECT count(*) FROM attempts) = (SELECT sum(attempts) FROM use_case_daily),
        (SELECT sum(cost) FROM attempts) = (SELECT sum(inference_cost) FROM use_case_monthly),
        (SELECT sum(inference_cost) FROM use_case_weekly) = (SELECT sum(inference_cost) FROM spend_daily),
        (SELECT sum(total_cost) FROM use_case_daily) = (SELECT sum(total_cost) FROM use_case_monthly)
"""
LATEST = "SELECT publish_id FROM publishes ORDER BY published_at DESC LIMIT 1"


def read(database: Path) -> tuple[str, bool]:
    """One session: the publish it sees at its beginning and end, and whether its marts agree."""
    with duckdb.connect(str(database), read_only=True) as con:
        con.execute("SET search_path = 'marts'")
        (first,) = con.execute(LATEST).fetchone()
        agreements = con.execute(AGREEMENT).fetchone()
        time.sleep(0.02)
        (last,) = con.execute(LATEST).fetchone()
    return first, first == last and all(agreements)


def main(home: Path, findings: Path) -> None:
    """Read until told to stop."""
    stop = findings.with_suffix(".stop")
    sessions, errors, mixed, seen = 0, [], 0, []
    while not stop.exists():
        time.sleep(0.5)
        try:
            publish_id, is_whole = read(home / "published" / "current.duckdb")
        except Exception as error:
            errors.append(f"{type(error).__name__}: {error}")
            continue
        sessions += 1
        mixed += not is_whole
        if not seen or seen[-1] != publish_id:
            seen.append(publish_id)
    findings.write_text(json.dumps({"sessions": sessions, "errors": errors, "mixed": mixed, "seen": seen}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
