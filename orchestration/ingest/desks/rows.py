"""Records out of a desk's files: JSON lines, arrays, pages of an API, in one line or laid out over many."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from orchestration.ingest.batches import BATCH_ROWS, Batch, Objects, Quarantined
from orchestration.ingest.json_lines import JsonLinesReader
from orchestration.ingest.privacy import Hasher
from orchestration.ingest.reasons import NOT_AN_OBJECT, ConservationError, FileRefused

# One line may be a whole page of an API, a hundred tickets with their histories.
LINE_FACTOR = 32
# Members of a page around the records that the records themselves lack.
_SHARED = ("issueId", "issueKey")


class DeskReader:
    """Reads records of JSON files. See ``RowReader``.

    Args:
        pages: names under which a page of the desk's API holds its records.
    """

    lenient_numbers = False

    def __init__(self, pages: frozenset[str], chunks: Iterator[bytes], max_line_bytes: int, hasher: Hasher) -> None:
        self._pages = pages
        self._chunks = chunks
        self._max_bytes = max_line_bytes * LINE_FACTOR
        self._hasher = hasher
        self.rows_in = 0

    def batches(self) -> Iterator[Batch]:
        first = next(self._chunks, b"")
        line, newline, _ = first.removeprefix(b"\xef\xbb\xbf").lstrip().partition(b"\n")
        # The first line of a document that is laid out over lines ends in the middle of it; a line of JSON lines
        # is complete.
        if newline and line.rstrip().endswith((b"[", b"{", b",")):
            yield from self._document(first)
            return
        lines = JsonLinesReader(_chained(first, self._chunks), self._max_bytes, self._hasher, arrays=True)
        row_no, lines_seen = 1, 0
        for batch in lines.batches():
            lines_seen += len(batch.values) + len(batch.quarantined)
            for part in self._records(batch, row_no):
                row_no += len(part.row_nos) + len(part.quarantined)
                yield part
        if lines_seen != lines.rows_in:
            raise ConservationError(f"{lines.rows_in} lines counted, {lines_seen} dealt with")

    def _document(self, first: bytes) -> Iterator[Batch]:
        pieces, size = [first], len(first)
        for chunk in self._chunks:
            size += len(chunk)
            if size > self._max_bytes:
                raise FileRefused("too_large")
            pieces.append(chunk)
        try:
            value = orjson.loads(b"".join(pieces).removeprefix(b"\xef\xbb\xbf"))
        except ValueError:
            raise FileRefused("malformed_json") from None
        yield from self._records(Batch(Objects([value]), [1], [1]), 1)

    def _records(self, lines: Batch, row_no: int) -> Iterator[Batch]:
        bad = {row.line_no: row for row in lines.quarantined}
        values = dict(zip(lines.line_nos, lines.values.objects(), strict=True))
        self.rows_in += len(bad) + sum(self._count(value) for value in values.values())
        rows: list[dict[str, Any]] = []
        batch = Batch(Objects([]), [], [])
        for line_no in sorted({*bad, *values}):  # type: ignore[type-var]
            if line_no in bad:
                batch.quarantined.append(bad[line_no]._replace(row_no=row_no))
                row_no += 1
                continue
            for record in self._in(values[line_no]):
                if type(record) is dict:
                    rows.append(record)
                    batch.line_nos.append(line_no)
                    batch.row_nos.append(row_no)
                else:
                    batch.quarantined.append(Quarantined(line_no, row_no, str(NOT_AN_OBJECT)))
                row_no += 1
                if len(rows) >= BATCH_ROWS:
                    batch.values = Objects(rows)
                    yield batch
                    rows, batch = [], Batch(Objects([]), [], [])
        batch.values = Objects(rows)
        yield batch

    def _lists(self, value: dict[str, Any]) -> list[Any]:
        """What a page holds under the names that the desk uses; empty when the object is a record itself."""
        return [value[name] for name in sorted(self._pages & value.keys()) if type(value[name]) in (list, dict)]

    def _count(self, value: Any) -> int:
        """Records in a line, counted apart from ``_in``, so that a record lost there is noticed."""
        if type(value) is list:
            return sum(map(self._count, value))
        lists = self._lists(value) if type(value) is dict else []
        return sum(len(held) if type(held) is list else 1 for held in lists) if lists else 1

    def _in(self, value: Any) -> Iterator[Any]:
        if type(value) is list:
            for item in value:
                yield from self._in(item)
            return
        lists = self._lists(value) if type(value) is dict else []
        if not lists:
            yield value
            return
        shared = {name: value[name] for name in _SHARED if name in value}
        for held in lists:
            for record in held if type(held) is list else [held]:
                yield {**shared, **record} if shared and type(record) is dict else record


def _chained(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest
