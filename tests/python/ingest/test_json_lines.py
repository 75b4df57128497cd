"""The quick judgement of many JSON lines at once. Catches a key that stands twice and is not noticed, and a good line
that is refused for its punctuation."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from orchestration.ingest.json_lines import depth_of, parse_lines
from orchestration.ingest.key_count import count_keys

KEYS = st.one_of(st.text(max_size=4), st.sampled_from(["a", "b", 'a"', "a\\", 'a":', '": ', '\\"', ":", " "]))
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(0, 9), KEYS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=8,
)
OBJECTS = st.dictionaries(KEYS, VALUES, max_size=4)
PUNCTUATION = st.sampled_from([(",", ":"), (", ", ": "), (" , ", " : "), (",\t", "\t:")])


def members(value: Any) -> int:
    if isinstance(value, dict):
        return len(value) + sum(map(members, value.values()))
    return sum(map(members, value)) if isinstance(value, list) else 0


@given(st.lists(st.tuples(OBJECTS, PUNCTUATION, st.booleans()), min_size=1, max_size=5))
def test_good_lines_are_read_and_their_keys_counted(made):
    """Catches a count that is too low and called certain, counts that slip to a neighbouring line, and a good line
    refused or changed."""
    objects = [value for value, _, _ in made]
    lines = [
        json.dumps(value, separators=marks, ensure_ascii=is_ascii).encode("utf-8", "surrogatepass")
        for value, marks, is_ascii in made
    ]
    counts = count_keys(lines)
    for value, keys, certain in zip(objects, *counts, strict=True):
        assert not certain or keys >= members(value)
    assert parse_lines(lines) == objects


@given(OBJECTS, KEYS, VALUES, VALUES, PUNCTUATION, PUNCTUATION, st.lists(OBJECTS, max_size=2))
def test_a_key_that_stands_twice_is_always_found(value, key, first, second, marks, other_marks, neighbours):
    """Catches the last of two values taken silently, whatever blanks and backslashes stand around the key."""
    value.pop(key, None)
    start = json.dumps({**value, key: first}, separators=marks)
    end = json.dumps({key: second}, separators=other_marks)
    line = f"{start[:-1]},{end[1:]}".encode()
    lines = [json.dumps(neighbour).encode() for neighbour in neighbours]
    assert parse_lines([*lines, line])[-1] == "duplicate_key"


@given(VALUES)
def test_depth_is_that_of_the_brackets(value):
    """Catches brackets inside texts that count as nesting."""

    def depth(item: Any) -> int:
        inner = item.values() if isinstance(item, dict) else item if isinstance(item, list) else None
        return 0 if inner is None else 1 + max(map(depth, inner), default=0)

    assert depth_of(json.dumps(value).encode()) == depth(value)
