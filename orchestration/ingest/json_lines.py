"""JSON texts as values, with the reason for each that cannot be used."""

from __future__ import annotations

import json
import re
from itertools import repeat
from typing import Any

import orjson

from orchestration.ingest.key_count import count_keys
from orchestration.ingest.reasons import BAD_ENCODING, DUPLICATE_KEY, MALFORMED_JSON, NOT_AN_OBJECT, TOO_DEEP, Bad

MAX_DEPTH = 64
_NESTED = (dict, list)
_TEXT = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_NOT_BRACKETS = bytes(set(range(256)) - set(b"{}[]"))


def _unique_pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any] | Bad:
    members = dict(pairs)
    return members if len(members) == len(pairs) else DUPLICATE_KEY


# Also reads NaN and Infinity, so that they are reported as bad numbers of their field. An object that names a key twice
# becomes the reason, so that of a page of rows only the row with that object is lost.
_careful = json.JSONDecoder(object_pairs_hook=_unique_pairs)
_BLANKS = re.compile(r"[ \t\n\r]*")


def depth_of(line: bytes) -> int:
    """Deepest nesting of objects and arrays, by brackets outside texts; no recursion."""
    depth = deepest = 0
    for bracket in _TEXT.sub(b"", line).translate(None, _NOT_BRACKETS):
        if bracket in b"{[":
            depth += 1
            deepest = max(deepest, depth)
        else:
            depth -= 1
    return deepest


def _measure(value: Any) -> tuple[int, bool]:
    """Members of an object and of all objects inside it, and whether it is nested at most MAX_DEPTH deep."""
    keys, level = 0, [value]
    for _ in range(MAX_DEPTH):
        inner: list[Any] = []
        for item in level:
            if type(item) is dict:
                keys += len(item)
                inner.extend(v for v in item.values() if type(v) in _NESTED)
            else:
                inner.extend(v for v in item if type(v) in _NESTED)
        if not inner:
            return keys, True
        level = inner
    return keys, False


def parse_lines(lines: list[bytes], *, arrays: bool = False) -> list[Any]:
    """The object on each line (or the array, where they are allowed), or why there is none (a ``Bad``)."""
    try:
        values = list(map(orjson.loads, lines))
    except ValueError:
        values = [_quickly(line) for line in lines]
    counts = count_keys(lines)
    # No more keys in the texts than in the objects: none stands twice, and no objects are inside.
    flat = set(map(type, values)) == {dict} and all(counts.certain) and counts.keys == list(map(len, values))
    if flat and max(map(bytes.count, lines, repeat(b"["))) < MAX_DEPTH:
        return values
    allowed = _NESTED if arrays else (dict,)
    parsed: list[Any] = []
    for line, value, keys, certain in zip(lines, values, *counts, strict=True):
        if type(value) not in _NESTED or not certain or _measure(value) != (keys, True):
            value = _parse_carefully(line)
        parsed.append(value if type(value) in allowed or type(value) is Bad else NOT_AN_OBJECT)
    return parsed


def _quickly(line: bytes) -> Any:
    try:
        return orjson.loads(line)
    except ValueError:
        return None


def _parse_carefully(line: bytes) -> Any:
    if b"\0" in line:
        return BAD_ENCODING
    if depth_of(line) > MAX_DEPTH:
        return TOO_DEEP
    values = parse_sequence(line)
    if type(values) is Bad:
        return values
    return flaw(values[0]) or values[0] if len(values) == 1 else MALFORMED_JSON


def parse_sequence(text: bytes) -> list[Any] | Bad:
    """The values of a text that holds one JSON value after another, with blanks between them or nothing; or why there
    are none. In the place of an object that names a key twice stands the reason."""
    try:
        decoded = text.decode("utf-8")
    except UnicodeDecodeError:
        return BAD_ENCODING
    values: list[Any] = []
    place = _after_blanks(decoded, 0)
    try:
        while place < len(decoded):
            value, place = _careful.raw_decode(decoded, place)
            values.append(value)
            place = _after_blanks(decoded, place)
    except ValueError:
        return MALFORMED_JSON
    except RecursionError:
        return TOO_DEEP
    return values or MALFORMED_JSON


def flaw(row: Any) -> Bad | None:
    """Why a row of ``parse_sequence`` cannot be used: it names a key twice somewhere, or is nested too deep."""
    level = [row] if type(row) in _NESTED or type(row) is Bad else []
    for _ in range(MAX_DEPTH):
        if any(type(item) is Bad for item in level):
            return DUPLICATE_KEY
        level = [
            inner
            for item in level
            for inner in (item.values() if type(item) is dict else item)
            # A reader's own grouping of a row's parts is a tuple.
            if type(inner) is Bad or isinstance(inner, (dict, list, tuple))
        ]
        if not level:
            return None
    return TOO_DEEP


def _after_blanks(text: str, place: int) -> int:
    found = _BLANKS.match(text, place)
    return found.end() if found else place
