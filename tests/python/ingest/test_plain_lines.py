"""Plain lines are read by column, all others one by one, and nothing shows which: random files go both ways.

Catches a short way that takes a line for what it is not, loses an exact value, or gives a row another identity.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

import pytest

from orchestration.ingest import json_rows
from orchestration.ingest.batches import Objects
from orchestration.ingest.frames import json_types
from orchestration.ingest.json_lines import parse_lines
from orchestration.ingest.plain_lines import read_plain
from orchestration.ingest.reasons import Bad
from orchestration.sources.native import FIELDS

from .conftest import Warehouse
from .samples import ATTEMPT, CLOCK, DECISION, TICKET, jsonl

TYPES = json_types(FIELDS["inference"])
# What stands in real files and what somebody may put there, by how often a plain value is drawn instead.
TEXTS = ("a", "claims triage", "gpt-4o", '{"x', "}", "]", ":", '":', "null", "2026-01-01", "1", " ", "", "a b c d e f",
         "x" * 300, "x" * 1_001, "É", "\t", "\x7f", "a\nb", '"q"', "\\", "<b>", "\ud800")  # fmt: skip
NUMBERS = (0, 1, 7, 793, -1, -0.0, 0.0, 1.0, 0.5, 0.1, 1e-7, 12.0005, 0.0005, 2**53 + 1, 10**9, 10**9 + 1, 10**30,
           1e300, float("nan"), float("inf"))  # fmt: skip
OTHERS = (None, True, False, [], {}, [1], {"a": 1}, {"a": "}\n{"})
GOOD = {"inference": ATTEMPT, "rework": TICKET, "sla": CLOCK, "outcomes": DECISION}
KEYS = {"inference": "attempt_id", "rework": "ticket_id", "sla": "event_id", "outcomes": "outcome_id"}
OPTIONAL = {
    "latency_ms": (0, 793, 12.5, 0.0005), "cost": (0, 1, 0.1, 1e-7, 0.30000000000000004), "cache_read_tokens": (0, 5),
    "cache_hit": (True, False), "can_wait": (False,), "task_class": ("A", "B"), "release_id": ("r-1", "r 2"),
    "prompt_hash": ("ph-1", "a prompt of words"), "currency": ("USD", "eur"), "repository": ("r-1", "r-2"),
    "temperature": (0.7, 1, 1.0), "shard": (1, 2), "seen_at": ("2026-01-01T00:00:00Z",), "prompt": ("a text",),
    "ended_at": ("2026-06-30T10:00:05Z", "2026-06-30T12:00:05.123+02:00"), "role": ("clerk",), "outcome_id": ("o-9",),
}  # fmt: skip


def _values(rng: random.Random) -> Any:
    return rng.choice(rng.choice((TEXTS, NUMBERS, OTHERS)))


def _row(rng: random.Random, source: str, number: int, oddity: float) -> dict[str, Any]:
    row = {**GOOD[source], KEYS[source]: f"id-{number % 900}"}
    for name, usual in OPTIONAL.items():
        if rng.random() < 0.5:
            row[name] = None if rng.random() < 0.2 else rng.choice(usual)
    while rng.random() < oddity:
        row[rng.choice([*row, "note", "odd name é", "_dropped"])] = _values(rng)
    return row


def _line(rng: random.Random, row: dict[str, Any], oddity: float) -> bytes:
    items = list(row.items())
    if rng.random() < oddity:
        rng.shuffle(items)
    separators = (", ", ": ") if rng.random() < 0.3 else (",", ":")
    line = json.dumps(dict(items), ensure_ascii=rng.random() < 0.5, separators=separators)
    encoded = line.encode("utf-8", "surrogatepass")
    return _mutated(rng, encoded) if rng.random() < oddity else encoded


def _mutated(rng: random.Random, line: bytes) -> bytes:
    """A line with one piece of it taken out, doubled or replaced."""
    start = rng.randrange(len(line))
    end = start + rng.choice((1, 1, 1, 5, 30))
    piece = rng.choice((b"", line[start:end] * 2, b'"', b"{", b"}", b"}{", b",", b":", b"0", b"-", b"\\", b" ", b"\r",
                        b"\x00", b"\xff", b"NaN", b"e5", b'"input_tokens":3,', b"[1]", b"null", b"\t"))  # fmt: skip
    return line[:start] + piece + line[end:]


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and repr(one) == repr(other)


@pytest.mark.parametrize("seed", range(6))
def test_sure_values_are_those_of_the_single_lines(seed: int):
    """Catches a line that is bad, doubled or broken over lines and is taken all the same, and a value that changes."""
    rng = random.Random(seed)
    sure = 0
    for number in range(500):
        oddity = rng.choice((0.0, 0.1, 0.5))
        rows = [_row(rng, "inference", number, oddity) for _ in range(rng.choice((1, 2, 5)))]
        lines = [line for row in rows for line in _line(rng, row, oddity).split(b"\n") if line.strip()]
        if not lines:
            continue
        plain = read_plain(lines, TYPES, parse_lines)
        if plain is None:
            continue
        sure += 1
        parsed = parse_lines(lines)
        assert not [line for line, value in zip(lines, parsed, strict=True) if type(value) is Bad]
        expected = Objects(parsed)
        assert expected.names() <= plain.names()
        for name in plain.names():
            column, array = plain.column(name), plain.array(name)
            assert all(map(_same, column, expected.column(name))), (name, lines)
            assert array is not None
            if name in TYPES:
                assert array.to_pylist() == column, (name, lines)
        assert plain.objects() == parsed
    assert sure > 100


@pytest.mark.parametrize(
    "lines",
    [
        [b'{"a":1}{"a":2}', b'{"a":3'],
        [b'{"attempt_id":"a"', b'"model":"b"}'],
        [b'{"attempt_id":"a","attempt_id":"b"}'],
        [b'{"note":1,"note":1}'],
        [b'{"note":null,"note":"x"}'],
        [b'{"attempt_id":"\\u0061"}'],
        [b'{"attempt_id":"\xc3\xa9"}'],
        [b'{"x":{"y":1}}'],
        [b'{"x":' + b"[" * 70 + b"]" * 70 + b"}"],
        [b'{"cost":NaN}'],
        [b'{"note":Infinity}'],
        [b'{"input_tokens":1.0}'],
        [b'{"input_tokens":"1"}'],
        [b'{"attempt_id":17}'],
        [b'{"input_tokens":01}'],
        [b'{"attempt_id":"a"} {"attempt_id":"b"}', b"{}"],
        [b'{"attempt_id":"a"}\r'],
        [b'{"a":"}', b'{"}'],
        [b"17"],
        [b"{}{}"],
        [b""],
    ],
)
def test_lines_in_doubt_are_left_alone(lines: list[bytes]):
    """Catches a doubt that is not seen."""
    assert read_plain(lines, TYPES, parse_lines) is None


@pytest.mark.parametrize("source", GOOD)
@pytest.mark.parametrize("seed", range(3))
def test_both_ways_give_one_warehouse(
    make_warehouse: Callable[..., Warehouse], monkeypatch: pytest.MonkeyPatch, source: str, seed: int
):
    """Catches a row, a count, a refusal, an identity or a hash that depends on the way it was read."""
    rng = random.Random(f"{source} {seed}")
    files = [
        [_line(rng, _row(rng, source, number, oddity), oddity) for number in range(size)]
        for oddity, size in [(0.0, 60)] * 5 + [(0.01, 60)] * 5 + [(0.2, 100), (0.0, 1)]
    ]
    taken = []

    def counted(*arguments: Any) -> Any:
        taken.append(read_plain(*arguments))
        return taken[-1]

    found = {}
    for way, reader in (("by column", counted), ("line by line", lambda *_: None)):
        monkeypatch.setattr(json_rows, "read_plain", reader)
        warehouse = make_warehouse(way, max_quarantined_share=1.0)
        for number, lines in enumerate(files):
            warehouse.land(f"{source}/{number}.jsonl", jsonl(*lines) + b"\n \n")
        warehouse.ingest(source)
        warehouse.assert_conserved()
        tables = ("native." + source, "ledger.quarantined_rows", "ledger.load_files")
        found[way] = [warehouse.all(f"SELECT * FROM {table} ORDER BY ALL") for table in tables]
    assert found["by column"] == found["line by line"]
    assert len(found["by column"][0]) > 50
    # Tickets name their outcomes in a list.
    assert source == "rework" or 5 < len([one for one in taken if one is not None]) < len(files)


def test_a_file_again_the_other_way_is_a_duplicate(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch):
    """Catches rows that count twice once a single odd line changes how their file is read."""
    rows = [
        _row(random.Random(number), "inference", number, 0.0) | {"attempt_id": f"a-{number}"} for number in range(50)
    ]
    warehouse.take("inference/a.jsonl", jsonl(*rows))
    monkeypatch.setattr(json_rows, "read_plain", lambda *_: None)
    warehouse.take("inference/b.jsonl", jsonl(*rows[::-1]))
    assert warehouse.counts() == (100, 50, 50, 0, 0)
