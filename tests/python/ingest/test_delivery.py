"""The same rows, however they are delivered. Catches rows counted twice, a winner that depends on the order of
arrival, and counts that do not add up."""

from __future__ import annotations

import gzip
import itertools
import os
import random
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import fsspec
import pytest
import zstandard

from orchestration.ingest.landing import Landing

from .conftest import Warehouse
from .samples import ATTEMPT, CLOCK, DECISION, NOW, SPEND_LOG, TICKET, as_csv, as_parquet, batch, jsonl, span

Rows = list[dict[str, Any]]
CONTENT = (
    "SELECT * EXCLUDE (_file_sha256, _line_no, _row_no, _load_id, _rescued, attributes) FROM {} ORDER BY _row_hash"
)


def attempts(count: int = 60) -> Rows:
    return [
        {
            **ATTEMPT,
            "attempt_id": f"a-{n}",
            "started_at": f"2026-06-{1 + n % 28:02d}T10:00:00.{n:03d}Z",
            "ended_at": None,
            "latency_ms": n + 0.5,
            "cost": 0.1 * n,
            "currency": "USD",
            "cache_hit": n % 2 == 0,
            "prompt": f"Hello  WORLD {n % 3}",
        }
        for n in range(count)
    ]


def test_formats_and_compressions_carry_the_same_rows(make_warehouse: Callable[..., Warehouse]):
    """Catches a row that looks different because of its file's format."""
    rows = attempts()
    variants = {
        "a.jsonl": jsonl(*rows),
        "a.csv": as_csv(*rows),
        "a.parquet": as_parquet(*rows),
        "b.jsonl": zstandard.compress(jsonl(*rows)),
        "c.jsonl": gzip.compress(jsonl(*rows[::-1])),
    }
    found = []
    for name, content in variants.items():
        warehouse = make_warehouse(name)
        warehouse.take(f"inference/{name}", content)
        assert warehouse.counts() == (60, 60, 0, 0, 0)
        found.append(warehouse.all(CONTENT.format("native.inference")))
    for other in found[1:]:
        assert other == found[0]


def test_redelivery_changes_nothing(warehouse: Warehouse):
    """Catches a row counted again because its file was renamed, recompressed, split, shuffled or converted."""
    rows = attempts()
    warehouse.take("inference/day.jsonl", jsonl(*rows))
    before = warehouse.all("SELECT * FROM native.inference ORDER BY ALL")
    shuffled = random.Random(7).sample(rows, len(rows))
    again = {
        "renamed.jsonl": jsonl(*rows),
        "sub/day.jsonl": jsonl(*rows),
        "day.jsonl.gz": jsonl(*rows),
        "shuffled.jsonl": jsonl(*shuffled),
        "half1.jsonl": jsonl(*shuffled[:25]),
        "half2.csv": as_csv(*shuffled[25:]),
        "day.parquet": as_parquet(*rows),
    }
    for name, content in again.items():
        report = warehouse.take(f"inference/{name}", content)
        assert (report.loaded, report.superseded) == (0, 0)
    assert warehouse.all("SELECT * FROM native.inference ORDER BY ALL") == before
    assert warehouse.counts() == (60 + 4 * 60, 60, 4 * 60, 0, 0)
    warehouse.assert_conserved()


def test_the_same_bytes_are_read_once(warehouse: Warehouse):
    """Catches a ledger entry per name instead of per content."""
    warehouse.land("inference/a.jsonl", jsonl(ATTEMPT))
    warehouse.land("inference/b.jsonl", jsonl(ATTEMPT))
    report = warehouse.ingest()
    assert (report.files_loaded, report.files_skipped) == (1, 1)
    assert warehouse.ingest().files_skipped == 2
    assert warehouse.counts() == (1, 1, 0, 0, 0)


def test_sources_do_not_share_ids(warehouse: Warehouse):
    """Catches two tenants' rows merged because their ids are equal."""
    for source in ("inference", "inference-eu"):
        warehouse.take(f"{source}/a.jsonl", jsonl(ATTEMPT))
    assert warehouse.all("SELECT _source, _is_current FROM native.inference ORDER BY 1") == [
        ("inference", True),
        ("inference-eu", True),
    ]


def test_a_new_file_at_an_old_name_is_read(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch):
    """Catches trust in names: also with the old size and modification time, new content is new."""
    monkeypatch.setattr("orchestration.ingest.load.SETTLED_SECONDS", -1.0)
    landed = warehouse.land("inference/a.jsonl", jsonl(ATTEMPT))
    os.utime(landed, (1_700_000_000, 1_700_000_000))
    warehouse.ingest()
    landed.write_bytes(jsonl({**ATTEMPT, "attempt_id": "a-2"}))
    os.utime(landed, (1_700_000_000, 1_700_000_000))
    assert warehouse.ingest().loaded == 1


def test_an_unchanged_file_is_not_read_again(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch):
    """Catches nightly cost that grows with history: known files must be skipped without reading them."""
    monkeypatch.setattr("orchestration.ingest.load.SETTLED_SECONDS", -1.0)
    warehouse.take("inference/a.jsonl", jsonl(ATTEMPT))
    report = warehouse.ingest()
    assert (report.files_skipped, report.bytes_read) == (1, 0)


def test_a_fresh_file_is_read_again(warehouse: Warehouse):
    """Catches a file taken as known although it may still change within one tick of the file system's clock."""
    warehouse.take("inference/a.jsonl", jsonl(ATTEMPT))
    assert warehouse.ingest().bytes_read > 0


VERSIONS: dict[str, tuple[str, str, Rows]] = {
    "inference": (
        "native.inference",
        "attempt_id",
        [
            {**ATTEMPT, "output_tokens": 1},
            {**ATTEMPT, "output_tokens": 50},
            {**ATTEMPT, "output_tokens": 50, "model": "gpt-4o-mini"},
            {**ATTEMPT, "output_tokens": 50, "started_at": "2026-06-01T00:00:00Z"},
            {**ATTEMPT, "attempt_id": "other"},
        ],
    ),
    "litellm": (
        "litellm.calls",
        "call_id",
        [
            {**SPEND_LOG, "completion_tokens": 0},
            SPEND_LOG,
            {**SPEND_LOG, "spend": 0.5},
            {**SPEND_LOG, "request_id": "other"},
        ],
    ),
    "otel": (
        "otel.spans",
        "span_id",
        [
            batch(span(attributes={"gen_ai.usage.output_tokens": None})),
            batch(span()),
            batch(span(attributes={"gen_ai.response.model": "gpt-4o-2024"})),
            batch(span(spanId="1" * 16)),
        ],
    ),
}


@pytest.mark.parametrize("source", VERSIONS)
def test_the_winning_version_does_not_depend_on_arrival(make_warehouse: Callable[..., Warehouse], source: str):
    """Catches "the last file wins": partial and final records of one call arrive in any order and in any files."""
    table, _, rows = VERSIONS[source]
    rows = [*rows, rows[0], rows[1]]
    orders = random.Random(3).sample(list(itertools.permutations(range(len(rows)))), 3)
    outcomes = []
    for number, order in enumerate([tuple(range(len(rows))), *orders]):
        warehouse = make_warehouse(f"{source}-{number}")
        cuts = sorted(random.Random(number).sample(range(1, len(rows)), 2))
        parts = [order[: cuts[0]], order[cuts[0] : cuts[1]], order[cuts[1] :]]
        for part, places in enumerate(parts):
            warehouse.take(f"{source}/{part}.jsonl", jsonl(*(rows[place] for place in places)))
        warehouse.assert_conserved()
        outcomes.append((warehouse.all(CONTENT.format(table)), warehouse.counts()))
        current = warehouse.all(f"SELECT count(*) FILTER (_is_current) FROM {table}")
        assert current == [(2,)]
        assert warehouse.counts() == (len(rows), 2, 2, len(rows) - 4, 0)
    assert all(outcome == outcomes[0] for outcome in outcomes[1:])


def test_later_winners_move_the_counts_of_earlier_files(warehouse: Warehouse):
    """Catches a ledger that still counts a beaten row as loaded."""
    warehouse.take("inference/a.jsonl", jsonl({**ATTEMPT, "output_tokens": 1}))
    report = warehouse.take("inference/b.jsonl", jsonl(ATTEMPT))
    assert (report.loaded, report.superseded, report.superseded_before) == (1, 0, 1)
    rows = warehouse.all("SELECT first_name, loaded, superseded FROM ledger.load_files ORDER BY 1")
    assert rows == [("inference/a.jsonl", 0, 1), ("inference/b.jsonl", 1, 0)]


@pytest.mark.parametrize(
    ("source", "table", "rows", "superseded"),
    [
        (
            "rework",
            "native.rework",
            [
                TICKET,
                {**TICKET, "status": "closed", "updated_at": "2026-06-30T11:30:00Z"},
                {**TICKET, "ticket_id": "u"},
            ],
            1,
        ),
        (
            "sla",
            "native.sla",
            [CLOCK, {**CLOCK, "stopped_at": "2026-06-30T10:30:00Z", "updated_at": "2026-06-30T11:30:00Z"}],
            1,
        ),
        (
            "outcomes",
            "native.outcomes",
            [DECISION, {**DECISION, "decision": "rejected", "decided_at": "2026-06-30T11:30:00Z"}],
            0,
        ),
    ],
)
def test_states_are_all_kept(
    make_warehouse: Callable[..., Warehouse], source: str, table: str, rows: Rows, superseded: int
):
    """Catches an earlier state that is thrown away: yesterday's figures could not be shown again."""
    for number, order in enumerate(itertools.permutations(rows)):
        warehouse = make_warehouse(f"{source}{number}")
        for part, row in enumerate(order):
            warehouse.take(f"{source}/{part}.jsonl", jsonl(row, row))
        assert warehouse.all(f"SELECT count(*) FROM {table}") == [(len(rows),)]
        assert warehouse.counts() == (2 * len(rows), len(rows) - superseded, len(rows), superseded, 0)
        warehouse.assert_conserved()


def test_batches_and_groups_do_not_show(make_warehouse: Callable[..., Warehouse], monkeypatch: pytest.MonkeyPatch):
    """Catches rows lost or judged differently at the seams of batches, inserts and transactions."""
    rows = attempts(500) + attempts(120)
    rows[17] = {**rows[17], "model": None}
    whole = make_warehouse("whole")
    whole.take("inference/a.jsonl", jsonl(*rows))
    monkeypatch.setattr("orchestration.ingest.lines.BATCH_ROWS", 7)
    monkeypatch.setattr("orchestration.ingest.staging.CHUNK", 1_000)
    monkeypatch.setattr("orchestration.ingest.writer.INSERT_ROWS", 50)
    monkeypatch.setattr("orchestration.ingest.load.GROUP_FILES", 3)
    parts = make_warehouse("parts")
    for number in range(10):
        parts.land(f"inference/{number}.jsonl.gz", jsonl(*rows[number * 62 : number * 62 + 62]))
    parts.ingest()
    assert parts.counts() == whole.counts() == (620, 500, 119, 0, 1)
    query = CONTENT.format("native.inference")
    assert parts.all(query) == whole.all(query)
    parts.assert_conserved()


def test_landing_is_never_changed(warehouse: Warehouse):
    """Catches a loader that moves, renames or rewrites what it was given."""

    def state() -> list[tuple[str, int, int, bytes]]:
        return [
            (str(p), p.stat().st_mtime_ns, p.stat().st_mode, p.read_bytes())
            for p in sorted(Path(warehouse.landing).rglob("*"))
            if p.is_file()
        ]

    warehouse.land("inference/a.jsonl", jsonl(ATTEMPT))
    warehouse.land("inference/bad.jsonl.gz", b"").write_bytes(b"\x1f\x8bbroken")
    before = state()
    warehouse.ingest()
    assert state() == before


def test_ids_are_compared_by_their_characters(warehouse: Warehouse):
    """Catches ids merged because they are equal as numbers, in another case or another Unicode form."""
    ids = ["001", "1", "1.0", "1e0", "a", "A", "é", "e\u0301", " a", "a "]
    rows = jsonl(*({**ATTEMPT, "attempt_id": value} for value in ids))
    warehouse.take("inference/a.jsonl", rows)
    assert warehouse.counts() == (10, 10, 0, 0, 0)
    warehouse.take("inference/b.jsonl", jsonl({**ATTEMPT, "attempt_id": 1}))
    assert warehouse.counts() == (11, 10, 1, 0, 0)


def test_a_time_is_an_instant_whatever_the_session(make_warehouse: Callable[..., Warehouse]):
    """Catches a stored time that depends on the zone of the session or on how its offset was written."""
    forms = ["2026-03-29T02:30:00+02:00", "2026-03-29T00:30:00Z", 1774744200, "1774744200000", 1774744200.0]
    for number, form in enumerate(forms):
        warehouse = make_warehouse(str(number))
        warehouse.con.execute("SET TimeZone = 'America/St_Johns'")
        row = {**ATTEMPT, "started_at": form, "ended_at": None}
        warehouse.take("inference/a.jsonl", jsonl(row))
        assert warehouse.all("SELECT epoch_us(started_at) FROM native.inference") == [(1774744200000000,)]


def test_ended_at_falls_back_to_the_latency(warehouse: Warehouse):
    """Catches a response time that is lost because the sender gives a duration instead of an end."""
    rows = [
        {**ATTEMPT, "attempt_id": "given", "latency_ms": 9},
        {**ATTEMPT, "attempt_id": "latency", "ended_at": None, "latency_ms": 1.2345},
        {**ATTEMPT, "attempt_id": "none", "ended_at": None},
    ]
    warehouse.take("inference/a.jsonl", jsonl(*rows))
    assert warehouse.all(
        "SELECT attempt_id, epoch_us(ended_at) - epoch_us(started_at) FROM native.inference ORDER BY 1"
    ) == [("given", 2_000_000), ("latency", 1_235), ("none", None)]


def test_extras_that_rules_may_look_at_are_decided_by_content(make_warehouse: Callable[..., Warehouse]):
    """Catches an extra field, on which the use case may depend, that is the first to arrive in one warehouse and the
    second in another: the fuller row wins, and of equally full ones always the same."""
    plain, full, moved = ATTEMPT, {**ATTEMPT, "team": "x"}, {**ATTEMPT, "team": "y"}
    found = set()
    for order in itertools.permutations((plain, full, moved)):
        warehouse = make_warehouse()
        for number, row in enumerate(order):
            warehouse.take(f"inference/{number}.jsonl", jsonl(row))
        assert warehouse.counts() == (3, 1, 0, 2, 0)
        found |= set(warehouse.all("SELECT attributes FROM native.inference WHERE _is_current"))
    assert len(found) == 1
    assert found <= {('{"team":"x"}',), ('{"team":"y"}',)}


def test_extras_are_equal_whatever_file_brought_them(warehouse: Warehouse):
    """Catches a row that is another version because one format has numbers where the other has texts."""
    row = {**ATTEMPT, "team": "x", "floor": 3, "is_night": True}
    warehouse.take("inference/a.jsonl", jsonl(row))
    warehouse.take("inference/b.csv", as_csv(row | {"is_night": "true"}))
    assert warehouse.counts() == (2, 1, 1, 0, 0)


def test_landing_may_be_an_object_store(make_warehouse: Callable[..., Warehouse]):
    """Catches a listing or reading that only works for local folders."""
    store = fsspec.filesystem("memory")
    try:
        store.pipe("/company/landing/inference/2026/a.jsonl.gz", gzip.compress(jsonl(ATTEMPT)))
        store.pipe("/company/landing/inference/.tmp", b"x")
        store.pipe("/company/landing/sla/a.jsonl", jsonl(CLOCK))
        warehouse = make_warehouse(landing="memory://company/landing")
        assert Landing(warehouse.settings.landing_url).sources() == ["inference", "sla"]
        report = warehouse.ingest()
        assert (report.loaded, report.files_ignored) == (1, 1)
        assert warehouse.all("SELECT first_name FROM ledger.load_files") == [("inference/2026/a.jsonl.gz",)]
        assert warehouse.ingest().bytes_read == 0
        store.pipe("/company/landing/inference/2026/a.jsonl.gz", jsonl({**ATTEMPT, "attempt_id": "a-2"}))
        assert warehouse.ingest().loaded == 1
        assert warehouse.ingest("litellm").files_seen == 0
    finally:
        store.rm("/company", recursive=True)


def test_a_replay_of_the_past_reads_what_is_past_now(make_warehouse: Callable[..., Warehouse]):
    """Catches rows refused as future because a run shows an earlier day, and rows let in because it shows a later one
    than the clock."""
    rows = jsonl(ATTEMPT, {**ATTEMPT, "attempt_id": "next", "started_at": "2026-07-05T00:00:00Z", "ended_at": None})
    early, late = datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 8, 1, tzinfo=UTC)
    for number, (as_of, now, loaded) in enumerate(
        [(early, early, 0), (early, NOW, 1), (early, late, 2), (late, NOW, 2)]
    ):
        warehouse = make_warehouse(str(number))
        warehouse.land("inference/a.jsonl", rows)
        assert warehouse.ingest(as_of=as_of, now=now).loaded == loaded


def test_progress_names_every_file(warehouse: Warehouse):
    """Catches a progress bar that stands still."""
    for name in ("a", "b"):
        warehouse.land(f"inference/{name}.jsonl", jsonl({**ATTEMPT, "attempt_id": name}))
    told: list[tuple[str, int]] = []
    warehouse.ingest(progress=lambda name, size: told.append((name, size)))
    assert [name for name, _ in told] == ["inference/a.jsonl", "inference/b.jsonl"]
    assert all(size > 0 for _, size in told)
