"""CSV in one declared dialect: comma, double quotes doubled inside, header needed, records end with a line end."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from orchestration.ingest.batches import Batch, Columns, Quarantined
from orchestration.ingest.lines import LongLine, QuotedRecordCounter, is_blank, line_groups, strip_bom
from orchestration.ingest.privacy import Hasher
from orchestration.ingest.reasons import (
    BAD_ENCODING,
    INCOMPLETE_TAIL,
    LINE_TOO_LONG,
    MALFORMED_CSV,
    RAGGED_ROW,
    Bad,
    FileRefused,
)


class _Record(NamedTuple):
    line_no: int
    content: bytes | LongLine
    is_open: bool


class _JoinedLines:
    """A record over several lines; beyond the cap only its length and a hash are kept."""

    def __init__(self, line_no: int, max_bytes: int, hasher: Hasher) -> None:
        self.line_no = line_no
        self._max_bytes = max_bytes
        self._digest = hasher.streaming()
        self._lines: list[bytes] = []
        self._length = -1
        self._is_long = False

    def add(self, line: bytes | LongLine) -> None:
        is_long = isinstance(line, LongLine)
        self._length += 1 + (line.length if is_long else len(line))  # type: ignore[union-attr]
        self._digest.update(line.hmac.encode() if is_long else line)  # type: ignore[union-attr]
        self._is_long |= is_long or self._length > self._max_bytes
        if self._is_long:
            self._lines.clear()
        else:
            self._lines.append(line)  # type: ignore[arg-type]

    def content(self) -> bytes | LongLine:
        return LongLine(self._length, self._digest.hexdigest(), 0) if self._is_long else b"\n".join(self._lines)


class CsvReader:
    """Reads CSV records by column. See ``RowReader``.

    Args:
        needed: columns the header must have; one name of each group is enough.
        wants: whether a column of a name is read at all.
        named_once: where columns may have the name of another, those that must not; such columns become one column
            of lists, without its blanks. None: no two columns may have one name.
    """

    lenient_numbers = True

    def __init__(
        self,
        chunks: Iterator[bytes],
        needed: tuple[tuple[str, ...], ...],
        wants: Callable[[str], bool],
        max_line_bytes: int,
        hasher: Hasher,
        *,
        named_once: frozenset[str] | None = None,
    ) -> None:
        self._chunks = chunks
        self._needed = needed
        self._wants = wants
        self._named_once = named_once
        self._max_line_bytes = max_line_bytes
        self._hasher = hasher
        self._counter = QuotedRecordCounter()
        self._header: list[str] = []
        self._repeated: set[str] = set()
        self.rows_in = 0
        # The module's own cap is lower than ours by default; records are cut to ours before they get there.
        csv.field_size_limit(max(csv.field_size_limit(), max_line_bytes + 1))

    def _counted(self) -> Iterator[bytes]:
        for chunk in strip_bom(self._chunks):
            self._counter.add(chunk)
            yield chunk

    def batches(self) -> Iterator[Batch]:
        counted = self._counted()
        row_no = 1
        try:
            for records in self._record_groups(counted):
                if not self._header:
                    self._header = self._read_header(records.pop(0).content)
                if records:
                    yield self._batch(records, row_no)
                    row_no += len(records)
        except FileRefused as refusal:
            for _ in counted:
                pass
            raise FileRefused(refusal.reason, max(self._counter.finish() - 1, 0)) from None
        self.rows_in = max(self._counter.finish() - 1, 0)

    def _record_groups(self, chunks: Iterator[bytes]) -> Iterator[list[_Record]]:
        """Lines joined to records: a record ends where its double quotes are even in number."""
        joined: _JoinedLines | None = None
        for first_line_no, lines, is_open in line_groups(chunks, self._max_line_bytes, self._hasher):
            records: list[_Record] = []
            for line_no, line in enumerate(lines, first_line_no):
                odd = (line.quotes if isinstance(line, LongLine) else line.count(b'"')) % 2 == 1
                is_tail = is_open and line_no == first_line_no + len(lines) - 1
                if joined is None:
                    if odd:
                        joined = _JoinedLines(line_no, self._max_line_bytes, self._hasher)
                        joined.add(line)
                    elif not is_blank(line):
                        records.append(_Record(line_no, line, is_tail))
                    continue
                joined.add(line)
                if odd:
                    records.append(_Record(joined.line_no, joined.content(), is_tail))
                    joined = None
            if records:
                yield records
        if joined is not None:
            raise FileRefused("malformed_csv")

    def _read_header(self, content: bytes | LongLine) -> list[str]:
        try:
            names = next(csv.reader([content.decode("utf-8").rstrip("\r")], strict=True))  # type: ignore[union-attr]
        except (csv.Error, UnicodeDecodeError, AttributeError, StopIteration):
            raise FileRefused("missing_column") from None
        if any(not set(group) & set(names) for group in self._needed):
            raise FileRefused("missing_column")
        self._repeated = {name for name, times in Counter(names).items() if times > 1}
        if self._repeated and (self._named_once is None or self._repeated & self._named_once):
            raise FileRefused("duplicate_column")
        return names

    def _batch(self, records: list[_Record], first_row_no: int) -> Batch:
        rows: list[list[str]] = []
        line_nos: list[int] = []
        row_nos: list[int] = []
        quarantined: list[Quarantined] = []
        for row_no, record in enumerate(records, first_row_no):
            row = self._parse(record)
            if isinstance(row, Bad):
                content = record.content
                length, digest = content[:2] if isinstance(content, LongLine) else self._hasher.of_value(content)
                quarantined.append(Quarantined(record.line_no, row_no, str(row), None, length, digest))
                continue
            rows.append(row)
            line_nos.append(record.line_no)
            row_nos.append(row_no)
        columns: dict[str, list[Any]] = {}
        for name, column in zip(self._header, zip(*rows, strict=True), strict=False):
            if not self._wants(name):
                continue
            if name not in self._repeated:
                columns[name] = [value or None for value in column]
                continue
            for held, value in zip(columns.setdefault(name, [[] for _ in rows]), column, strict=True):
                if value:
                    held.append(value)
        return Batch(Columns(columns, len(rows)), line_nos, row_nos, quarantined)

    def _parse(self, record: _Record) -> list[str] | Bad:
        if isinstance(record.content, LongLine):
            return LINE_TOO_LONG
        if record.is_open:
            return INCOMPLETE_TAIL
        if b"\0" in record.content:
            return BAD_ENCODING
        try:
            row = next(csv.reader([record.content.decode("utf-8").removesuffix("\r")], strict=True))
        except UnicodeDecodeError:
            return BAD_ENCODING
        except (csv.Error, StopIteration):
            if b"\n" in record.content:
                # A stray quote has joined lines: nobody can tell how many rows this was.
                raise FileRefused("malformed_csv") from None
            return MALFORMED_CSV
        return row if len(row) == len(self._header) else RAGGED_ROW
