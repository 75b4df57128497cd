"""Rows of a JSON file, however it is laid out: one value a line, one document over many lines, values one after the
other; each a row, a list of rows, or a page around them (``layouts``)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

import orjson

from orchestration.ingest.batches import BATCH_ROWS, Batch, Objects, Quarantined, Values, numbered, pick
from orchestration.ingest.json_lines import flaw, parse_lines, parse_sequence
from orchestration.ingest.layouts import Layout
from orchestration.ingest.lines import LineCounter, LongLine, is_blank, line_groups, strip_bom
from orchestration.ingest.plain_lines import read_plain
from orchestration.ingest.privacy import Hasher
from orchestration.ingest.reasons import (
    DUPLICATE_KEY,
    LINE_TOO_LONG,
    NOT_AN_OBJECT,
    TOO_DEEP,
    Bad,
    ConservationError,
    FileRefused,
)

# One line may be a whole page or delivery of rows, so it may be this many times as long as a line of one row.
LINE_FACTOR = 32
_OPENING = (b"{", b"[")
_CONTINUED = (b"{", b"[", b",", b":")


class JsonReader:
    """Reads the rows of a JSON file. See ``RowReader``; all rows of a line carry its number, all of a document 1.

    Args:
        layout: where the source's rows lie in the values.
        max_line_bytes: longest row; a document or a line of many rows may be ``LINE_FACTOR`` times as long.
    """

    lenient_numbers = False

    def __init__(self, layout: Layout, chunks: Iterator[bytes], max_line_bytes: int, hasher: Hasher) -> None:
        self._layout = layout
        self._chunks = strip_bom(chunks)
        self._max_bytes = max_line_bytes * LINE_FACTOR
        self._max_row_bytes = self._max_bytes if layout.has_long_rows else max_line_bytes
        self._hasher = hasher
        self._next_row_no = 1
        self.rows_in = 0

    def batches(self) -> Iterator[Batch]:
        head, is_laid_out = self._head()
        if not is_laid_out:
            yield from self._lines(head)
            return
        head, is_whole = self._whole(head)
        values = _document(head) if is_whole else None
        if values is not None:
            yield from self._unrolled(values, [])
            return
        # Where the first line is only bad or cut, those after it still count; of a broken document no line does.
        first, _, rest = head.lstrip().partition(b"\n")
        if first.rstrip().endswith(_CONTINUED) and not _is_value(rest.lstrip().partition(b"\n")[0]):
            raise FileRefused("malformed_json" if is_whole else "document_too_large")
        yield from self._lines(head)

    def _head(self) -> tuple[bytes, bool]:
        """The stream up to its first line with text, and whether that line is only the beginning of a document."""
        head = line = b""
        for chunk in self._chunks:
            head += chunk
            line, newline, _ = head.lstrip().partition(b"\n")
            if newline or len(head) > self._max_bytes:
                break
        return head, line.startswith(_OPENING) and len(line) <= self._max_bytes and not _is_value(line)

    def _whole(self, head: bytes) -> tuple[bytes, bool]:
        """The stream as far as a document may go, and whether that is all of it."""
        pieces, size = [head], len(head)
        for chunk in self._chunks:
            pieces.append(chunk)
            size += len(chunk)
            if size > self._max_bytes:
                return b"".join(pieces), False
        return b"".join(pieces), size <= self._max_bytes

    def _lines(self, head: bytes) -> Iterator[Batch]:
        counter = LineCounter()
        lines_seen = 0
        counted = _counted(chain([head], self._chunks), counter)
        for first_line_no, lines, _ in line_groups(counted, self._max_bytes, self._hasher):
            line_nos = numbered(first_line_no, len(lines))
            blank = [place for place, line in enumerate(lines) if is_blank(line)]
            if blank:
                keep = sorted(set(range(len(lines))).difference(blank))
                lines, line_nos = pick(lines, keep), pick(line_nos, keep)
            lines_seen += len(lines)
            yield from self._of_lines(lines, line_nos)
        if lines_seen != counter.finish():
            raise ConservationError(f"{counter.count} lines counted, {lines_seen} dealt with")

    def _of_lines(self, lines: list[bytes | LongLine], line_nos: list[int]) -> Iterator[Batch]:
        short = [b"" if type(line) is LongLine else line for line in lines]
        longest = max(map(len, short), default=0)
        if self._layout.types and lines and LongLine not in set(map(type, lines)) and longest <= self._max_row_bytes:
            plain = read_plain(short, self._layout.types, parse_lines)
            if plain is not None:
                yield self._rows_of(plain, line_nos)
                return
        parsed = parse_lines(short, arrays=True)
        if longest <= self._max_row_bytes and all(map(self._layout.is_row, parsed)):
            yield self._rows_of(Objects(parsed), line_nos)
            return
        values: list[tuple[int, Any, bool]] = []
        bad: list[Quarantined] = []
        for line, line_no, value in zip(lines, line_nos, parsed, strict=True):
            is_suspect = False
            if type(line) is LongLine:
                bad.append(Quarantined(line_no, 0, str(LINE_TOO_LONG), None, line.length, line.hmac))
                continue
            if value in (DUPLICATE_KEY, TOO_DEEP) and type(value) is Bad:
                # Of a page of rows only those that are at fault are lost.
                again = parse_sequence(line)  # type: ignore[arg-type]
                if type(again) is list and type(again[0]) is not Bad and not self._layout.is_row(again[0]):
                    value, is_suspect = again[0], True
            elif len(line) > self._max_row_bytes and self._layout.is_row(value):
                value = LINE_TOO_LONG
            if type(value) is Bad:
                length, digest = self._hasher.of_value(line)
                bad.append(Quarantined(line_no, 0, str(value), None, length, digest))
            else:
                values.append((line_no, value, is_suspect))
        yield from self._unrolled(values, bad)

    def _rows_of(self, values: Values, line_nos: list[int]) -> Batch:
        """The batch of lines that are one row each."""
        first, count = self._next_row_no, len(values)
        self._next_row_no += count
        self.rows_in += count
        return Batch(values, line_nos, numbered(first, count))

    def _unrolled(self, values: list[tuple[int, Any, bool]], bad: list[Quarantined]) -> Iterator[Batch]:
        """Batches of the rows in values (with their line, and whether each row must be looked at closely), among lines
        that are one bad row each."""
        rows: list[dict[str, Any]] = []
        batch = Batch(Objects(rows), [], [])
        waiting = sorted(bad, key=lambda row: row.line_no or 0, reverse=True)
        for line_no, value, is_suspect in [*values, (None, None, False)]:
            while waiting and (line_no is None or (waiting[-1].line_no or 0) < line_no):
                batch.quarantined.append(waiting.pop()._replace(row_no=self._row_no()))
            if line_no is None:
                break
            found = list(self._layout.rows(value))
            self.rows_in += len(found)
            for row in found:
                row_no = self._row_no()
                reason = self._reason(row, is_suspect)
                if reason is not None:
                    length, digest = self._hasher.of_value(None if type(row) in (dict, Bad) else row)
                    batch.quarantined.append(Quarantined(line_no, row_no, str(reason), None, length, digest))
                    continue
                rows.append(row)
                batch.line_nos.append(line_no)
                batch.row_nos.append(row_no)
                if len(rows) >= BATCH_ROWS:
                    yield batch
                    rows = []
                    batch = Batch(Objects(rows), [], [])
        self.rows_in += len(bad)
        yield batch

    def _reason(self, row: Any, is_suspect: bool) -> Bad | None:
        if type(row) is Bad:
            return row
        if type(row) is not dict:
            return NOT_AN_OBJECT
        return flaw(row) if is_suspect else None

    def _row_no(self) -> int:
        self._next_row_no += 1
        return self._next_row_no - 1


def _counted(chunks: Iterator[bytes], counter: LineCounter) -> Iterator[bytes]:
    for chunk in chunks:
        counter.add(chunk)
        yield chunk


def _document(text: bytes) -> list[tuple[int, Any, bool]] | None:
    """The values of a text that is not one value a line, as ``JsonReader._unrolled`` takes them; None when it is no
    JSON from beginning to end."""
    (value,) = parse_lines([text], arrays=True)
    if type(value) is not Bad:
        return [(1, value, False)]
    values = parse_sequence(text)
    return None if type(values) is Bad else [(1, value, True) for value in values]


def _is_value(line: bytes) -> bool:
    try:
        orjson.loads(line)
    except ValueError:
        values = parse_sequence(line)
        return type(values) is list and len(values) == 1
    return True
