"""Bad values, hostile names and private texts through real runs: each row has its fate, and no text gets in."""

from __future__ import annotations

import json
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestration.sample_company import CANARY, write

from .bad_values import GOOD, HOSTILE_NAMES, ID_OF, LABELS, bad_lines, bad_rows, unlabelled_rows
from .canaries import PLANTED, plant
from .command import Home
from .hidden_text import places_of, require_hidden

AS_OF = "2026-09-28T06:00:00Z"
pytestmark = pytest.mark.slow


def _land(folder: Path, lines: list[bytes]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "rows.jsonl").write_bytes(b"".join(line + b"\n" for line in lines))


def _good(source: str, name: str, **more: str) -> bytes:
    row = GOOD[source] | more
    if source in ID_OF:
        row[ID_OF[source]] = name
    return json.dumps(row).encode()


class Hostile:
    """A home with one landing folder of bad rows (`<source>-bad`), one of good rows, one of texts, and the sample."""

    def __init__(self, folder: Path, project: Path) -> None:
        self.home = Home(folder / "home", project=project, FINOPS_MAX_QUARANTINED_SHARE="1")
        self.bad = [*bad_rows(), *bad_lines()]
        write(self.home.landing, scale=0.01)
        for source in GOOD:
            lines = [row.line for row in self.bad if row.source == source]
            _land(self.home.landing / f"{source}-bad", lines)
        # Good rows among the bad: one before each thousandth, and one with every name that somebody may misuse.
        self.good = [
            _good("inference", f"g{n}", use_case=name, outcome_id=name) for n, name in enumerate(HOSTILE_NAMES)
        ]
        _land(self.home.landing / "inference-good", self.good)
        _land(self.home.landing / "inference-unlabelled", unlabelled_rows())
        plant(self.home.landing)
        self.printed = self.home.nightly(AS_OF)


@pytest.fixture(scope="module")
def hostile(lean_project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hostile]:
    yield Hostile(tmp_path_factory.mktemp("hostile"), lean_project)


def test_each_bad_row_is_refused_for_its_reason(hostile: Hostile) -> None:
    """Mistake caught: a value that is silently read as another (1.5 as 2, true as 1, a naive time as UTC), or a row
    that brings the run down."""
    with hostile.home.published() as con:
        found = {
            (source, line_no): reason
            for source, line_no, reason in con.execute(
                "SELECT source, line_no, reason_code FROM quarantined_rows WHERE source LIKE '%-bad'"
            ).fetchall()
        }
        (loaded,) = con.execute("SELECT count(*) FROM attempts WHERE source = 'inference-bad'").fetchone()
        (files,) = con.execute(
            "SELECT count(*) FROM load_files WHERE status <> 'loaded' AND source LIKE '%-bad'"
        ).fetchone()
    numbers: Counter[str] = Counter()
    wrong = []
    for row in hostile.bad:
        numbers[row.source] += 1
        reason = found.pop((f"{row.source}-bad", numbers[row.source]), "loaded")
        if reason != row.reason:
            wrong.append((row.source, row.line[:200], reason, row.reason))
    assert wrong == []
    assert found == {}
    assert loaded == files == 0
    assert len(hostile.bad) > 300


def test_good_rows_are_not_harmed(hostile: Hostile) -> None:
    """Mistake caught: a name that is run, cut, folded or read as a number on its way."""
    with hostile.home.published() as con:
        rows = con.execute(
            "SELECT attempt_id, logged_use_case, outcome_id, use_case, input_tokens, cost > 0 FROM attempts"
            " WHERE source = 'inference-good'"
        ).fetchall()
    wanted = {(f"g{n}", name, name, "unallocated", 100, True) for n, name in enumerate(HOSTILE_NAMES)}
    assert set(rows) == wanted
    printed = hostile.home.finops(
        "sql", "--format", "csv", "select outcome_id from attempts where source like '%-good'"
    )
    assert not [line for line in printed.splitlines() if line.strip('"').startswith(("=", "+", "@"))]


def test_a_label_that_cannot_be_used_costs_no_row(hostile: Hostile) -> None:
    """Mistake caught: a word of a company's own that takes what it paid out of the figures, or that nobody counts."""
    with hostile.home.published() as con:
        (attempts, cached, cost) = con.execute(
            "SELECT count(*), count(*) FILTER (cache_hit), count(*) FILTER (cost > 0) FROM attempts"
            " WHERE source = 'inference-unlabelled'"
        ).fetchone()
        ((counted, quarantined),) = con.execute(
            "SELECT unusable_labels, quarantined FROM load_files WHERE source = 'inference-unlabelled'"
        ).fetchall()
    assert (attempts, cached, quarantined) == (len(unlabelled_rows()), 0, 0)
    assert cost == attempts
    assert json.loads(counted) == {name: len(values) for name, values in LABELS.items()}


def test_every_row_is_accounted_for(hostile: Hostile) -> None:
    """Mistake caught: rows of refused or half-read files that nobody counts."""
    with hostile.home.published() as con:
        wrong = con.execute(
            "SELECT source, file_name FROM load_files WHERE rows_in <> loaded + duplicate + superseded + quarantined"
        ).fetchall()
        statuses = dict(con.execute("SELECT status, count(*) FROM load_files GROUP BY 1").fetchall())
    assert wrong == []
    assert statuses["refused"] >= 4 * len(GOOD)


def test_no_private_text_gets_in(hostile: Hostile) -> None:
    """Mistake caught: a body or free text in a table, a log, a quarantine file, an exception or what is printed; also
    after a killed run, a failed run and a rebuild, and in what the commands show."""
    home = hostile.home
    # The search finds what is there: in plain and compressed files, and in the rows of tables.
    assert {name.rpartition(" ")[2] for name in places_of(home.landing / "litellm", PLANTED)} >= {"planted.csv"}
    assert any("(packed)" in name for name in places_of(home.landing / "rework" / "planted", PLANTED))
    (home.landing / "inference" / "later.jsonl").write_bytes(
        _good("inference", "later")
        + b"\n"
        + json.dumps(GOOD["inference"] | {"attempt_id": "p", "prompt": PLANTED}).encode()
    )
    home.finops("nightly", "--as-of", AS_OF, expect=-signal.SIGKILL, FINOPS_FAIL_AT="insert_rows:1")
    for command in (["sources"], ["doctor"], ["sql", "select * from quarantined_rows"]):
        home.finops(*command, expect=None)
    require_hidden(home, PLANTED)
    home.finops("rebuild", "--as-of", AS_OF)
    for text in (PLANTED, CANARY):
        require_hidden(home, text)


def test_rows_with_private_text_are_kept_without_it(hostile: Hostile) -> None:
    """Mistake caught: privacy by throwing away the whole row."""
    with hostile.home.raw() as con:
        rows = con.execute(
            "SELECT attempt_id, prompt_hash FROM native.inference WHERE attempt_id LIKE 'planted%'"
        ).fetchall()
        (calls,) = con.execute("SELECT count(*) FROM litellm.calls WHERE call_id LIKE 'planted%'").fetchone()
        (spans,) = con.execute("SELECT count(*) FROM otel.spans WHERE trace_id = ?", ["1" * 32]).fetchone()
        (tickets,) = con.execute("SELECT count(*) FROM native.rework WHERE ticket_id LIKE 'planted%'").fetchone()
    assert {name for name, _ in rows} == {"planted-json", "planted-hash", "planted-csv", "planted-parquet"}
    assert all(prompt_hash and len(prompt_hash) >= 32 for _, prompt_hash in rows)
    assert (calls, spans, tickets) == (3, 1, 4)
