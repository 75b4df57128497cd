"""Reads rows out of JSON in which a line, or the whole file, may hold many of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain
from typing import Any

import orjson

from .batches import BATCH_ROWS, Batch, Objects, Quarantined, RowReader
from .json_lines import JsonLinesReader
from .privacy import Hasher
from .reasons import NOT_AN_OBJECT, ConservationError, FileRefused

# One line may be a whole page or delivery of rows, so it may be this many times as long as a line of one row.
LINE_FACTOR = 32
BOM = b"\xef\xbb\xbf"

Unroll = Callable[[Any], list[Any]]


class RecordReader:
    """Reads JSON lines, or one JSON document over several lines; what ``unroll`` finds in each value is a row.
    See ``RowReader``; all rows of a line carry its number."""

    lenient_numbers = False

    def __init__(self, unroll: Unroll, chunks: Iterator[bytes], max_line_bytes: int, hasher: Hasher) -> None:
        self._unroll = unroll
        self._max_bytes = max_line_bytes * LINE_FACTOR
        self._hasher = hasher
        self._chunks = chunks
        self._row_no = 0
        self.rows_in = 0

    def batches(self) -> Iterator[Batch]:
        head = next(self._chunks, b"")
        start = head.removeprefix(BOM).lstrip()
        # A document that is laid out over lines has its first bracket alone on a line; a line of JSON lines never.
        if start[:1] in (b"{", b"[") and start.partition(b"\n")[0].strip() in (b"{", b"["):
            yield from self._rows(Batch(Objects([self._document(head)]), [1], [1]))
            return
        lines = JsonLinesReader(chain([head], self._chunks), self._max_bytes, self._hasher, arrays=True)
        lines_seen = 0
        for batch in lines.batches():
            lines_seen += len(batch.values) + len(batch.quarantined)
            yield from self._rows(batch)
        if lines_seen != lines.rows_in:
            raise ConservationError(f"{lines.rows_in} lines counted, {lines_seen} dealt with")

    def _document(self, head: bytes) -> Any:
        pieces, size = [head], len(head)
        for chunk in self._chunks:
            size += len(chunk)
            if size > self._max_bytes:
                raise FileRefused("too_large")
            pieces.append(chunk)
        try:
            return orjson.loads(b"".join(pieces).removeprefix(BOM))
        except ValueError:
            raise FileRefused("malformed_json") from None

    def _rows(self, lines: Batch) -> Iterator[Batch]:
        """Batches of the rows of a batch of lines; a line that could not be read is one bad row."""
        bad = {row.line_no: row for row in lines.quarantined}
        values = dict(zip(lines.line_nos, lines.values.objects(), strict=True))
        rows: list[dict[str, Any]] = []
        batch = Batch(Objects(rows), [], [])
        for line_no in sorted({*bad, *values}):  # type: ignore[type-var]
            if line_no in bad:
                batch.quarantined.append(bad[line_no]._replace(row_no=self._next_row()))
                continue
            for row in self._unroll(values[line_no]):
                row_no = self._next_row()
                if type(row) is not dict:
                    length, digest = self._hasher.of_value(row)
                    batch.quarantined.append(Quarantined(line_no, row_no, str(NOT_AN_OBJECT), None, length, digest))
                    continue
                rows.append(row)
                batch.line_nos.append(line_no)
                batch.row_nos.append(row_no)
                if len(rows) >= BATCH_ROWS:
                    batch.values = Objects(rows)
                    yield batch
                    rows = []
                    batch = Batch(Objects(rows), [], [])
        batch.values = Objects(rows)
        yield batch

    def _next_row(self) -> int:
        self._row_no += 1
        self.rows_in += 1
        return self._row_no


def records_in(value: Any, *lists: str) -> list[Any]:
    """The rows of a value: an array's items, the items of the first of these members that is an array, or itself."""
    if type(value) is list:
        return value
    if type(value) is dict:
        for name in lists:
            if type(value.get(name)) is list:
                return value[name]
    return [value]


def record_reader(unroll: Unroll) -> Callable[[Iterator[bytes], int, Hasher], RowReader]:
    """A maker of readers with this way of finding rows."""
    return partial(RecordReader, unroll)
