"""JSON lines, with the reason for each line that is not a usable object."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from itertools import repeat
from typing import Any

import orjson
import pyarrow as pa

from .batches import Batch, Objects, Quarantined, numbered, pick
from .key_count import count_keys
from .lines import LineCounter, LongLine, line_groups, strip_bom
from .plain_lines import read_plain
from .privacy import Hasher
from .reasons import (
    BAD_ENCODING,
    DUPLICATE_KEY,
    LINE_TOO_LONG,
    MALFORMED_JSON,
    NOT_AN_OBJECT,
    TOO_DEEP,
    Bad,
)

MAX_DEPTH = 64
_NESTED = (dict, list)
_TEXT = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_NOT_BRACKETS = bytes(set(range(256)) - set(b"{}[]"))


class _DuplicateKey(Exception):
    pass


def _unique_pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _DuplicateKey
    return members


# Also reads NaN and Infinity, so that they are reported as bad numbers of their field.
_careful = json.JSONDecoder(object_pairs_hook=_unique_pairs)


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
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        return BAD_ENCODING
    if depth_of(line) > MAX_DEPTH:
        return TOO_DEEP
    try:
        return _careful.decode(text)
    except _DuplicateKey:
        return DUPLICATE_KEY
    except (ValueError, RecursionError):
        return MALFORMED_JSON


class JsonLinesReader:
    """Reads a stream of JSON lines. See ``RowReader``.

    Args:
        arrays: a row may also be an array.
        types: types of known fields; where they are given, plain lines are read by column.
    """

    lenient_numbers = False

    def __init__(
        self,
        chunks: Iterator[bytes],
        max_line_bytes: int,
        hasher: Hasher,
        *,
        arrays: bool = False,
        types: Mapping[str, pa.DataType] | None = None,
    ) -> None:
        self._chunks = chunks
        self._arrays = arrays
        self._types = types
        self._max_line_bytes = max_line_bytes
        self._hasher = hasher
        self._counter = LineCounter()
        self.rows_in = 0

    def _counted(self) -> Iterator[bytes]:
        for chunk in strip_bom(self._chunks):
            self._counter.add(chunk)
            yield chunk

    def batches(self) -> Iterator[Batch]:
        row_no = 1
        for first_line_no, lines, _ in line_groups(self._counted(), self._max_line_bytes, self._hasher):
            line_nos = numbered(first_line_no, len(lines))
            has_text = [type(line) is LongLine or line.strip() for line in lines]
            if not all(has_text):
                keep = [place for place, text in enumerate(has_text) if text]
                lines, line_nos = pick(lines, keep), pick(line_nos, keep)
            yield self._batch(lines, line_nos, row_no)
            row_no += len(lines)
        self.rows_in = self._counter.finish()

    def _batch(self, lines: list[bytes | LongLine], line_nos: list[int], first_row_no: int) -> Batch:
        row_nos = numbered(first_row_no, len(lines))
        if self._types and lines and LongLine not in set(map(type, lines)):
            plain = read_plain(lines, self._types, parse_lines)  # type: ignore[arg-type]
            if plain is not None:
                return Batch(plain, line_nos, row_nos)
        short = [b"" if type(line) is LongLine else line for line in lines]
        parsed = parse_lines(short, arrays=self._arrays)  # type: ignore[arg-type]
        parsed = [LINE_TOO_LONG if type(line) is LongLine else row for line, row in zip(lines, parsed, strict=True)]
        bad = [place for place, row in enumerate(parsed) if type(row) is Bad]
        if not bad:
            return Batch(Objects(parsed), line_nos, row_nos)  # type: ignore[arg-type]
        quarantined = []
        for place in bad:
            line = lines[place]
            length, digest = (line.length, line.hmac) if isinstance(line, LongLine) else self._hasher.of_value(line)
            quarantined.append(Quarantined(line_nos[place], row_nos[place], str(parsed[place]), None, length, digest))
        keep = sorted(set(range(len(lines))).difference(bad))
        return Batch(Objects(pick(parsed, keep)), pick(line_nos, keep), pick(row_nos, keep), quarantined)
