"""Splits a byte stream into lines under a length cap, and counts rows independently of that."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from orchestration.ingest.batches import BATCH_BYTES, BATCH_ROWS
from orchestration.ingest.privacy import Hasher

BOM = b"\xef\xbb\xbf"


class LongLine(NamedTuple):
    """A line beyond the cap: only its length, keyed hash, number of double quotes and whether it holds anything but
    blanks are kept."""

    length: int
    hmac: str
    quotes: int
    has_text: bool = True


def is_blank(line: bytes | LongLine) -> bool:
    """Whether a line holds nothing but blanks, which is no row."""
    return not (line.has_text if isinstance(line, LongLine) else line.strip())


class LineCounter:
    """Counts lines that are not blank, on raw pieces of the stream. Knows nothing of the splitter below."""

    def __init__(self) -> None:
        self.count = 0
        self._open_line_has_text = False

    def add(self, chunk: bytes) -> None:
        parts = chunk.split(b"\n")
        first_has_text = bool(parts[0].strip())
        if len(parts) == 1:
            self._open_line_has_text |= first_has_text
            return
        self.count += self._open_line_has_text or first_has_text
        self.count += len(list(filter(None, map(bytes.strip, parts[1:-1]))))
        self._open_line_has_text = bool(parts[-1].strip())

    def finish(self) -> int:
        """The total, with a last line that has no line end."""
        self.count += self._open_line_has_text
        self._open_line_has_text = False
        return self.count


class QuotedRecordCounter:
    """Counts CSV records that are not blank: line ends inside double quotes do not end a record."""

    def __init__(self) -> None:
        self._lines = LineCounter()
        self._inside = False

    def add(self, chunk: bytes) -> None:
        segments = chunk.split(b'"')
        outside = segments[1 if self._inside else 0 :: 2]
        # A quote stands for the quoted text between two segments, so that a record of only quotes is not blank.
        opening = b'"' if self._inside else b""
        closing = b'"' if len(segments) % 2 == (1 if self._inside else 0) else b""
        self._lines.add(opening + b'"'.join(outside) + closing)
        self._inside ^= len(segments) % 2 == 0

    def finish(self) -> int:
        return self._lines.finish()


def strip_bom(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The stream without a byte order mark in front."""
    head = b""
    for chunk in chunks:
        head += chunk
        if len(head) >= len(BOM):
            break
    yield head.removeprefix(BOM)
    yield from chunks


def line_groups(
    chunks: Iterator[bytes], max_line_bytes: int, hasher: Hasher
) -> Iterator[tuple[int, list[bytes | LongLine], bool]]:
    """Groups of consecutive lines without their line ends.

    Yields:
        number of the group's first line; the lines; whether the last of them lacks its line end.
    """
    first_line_no = 1
    group: list[bytes | LongLine] = []
    group_bytes = 0
    for lines, size, is_open in _split(chunks, max_line_bytes, hasher):
        group.extend(lines)
        group_bytes += size
        if len(group) >= BATCH_ROWS or group_bytes >= BATCH_BYTES or is_open:
            yield first_line_no, group, is_open
            first_line_no += len(group)
            group, group_bytes = [], 0
    if group:
        yield first_line_no, group, False


class _Overflow:
    """A line that has grown beyond the cap and whose end has not come yet."""

    def __init__(self, hasher: Hasher) -> None:
        self._digest = hasher.streaming()
        self._length = 0
        self._quotes = 0
        self._has_text = False

    def add(self, piece: bytes) -> _Overflow:
        self._digest.update(piece)
        self._length += len(piece)
        self._quotes += piece.count(b'"')
        self._has_text = self._has_text or bool(piece.strip())
        return self

    def line(self) -> LongLine:
        return LongLine(self._length, self._digest.hexdigest(), self._quotes, self._has_text)


def _split(
    chunks: Iterator[bytes], max_line_bytes: int, hasher: Hasher
) -> Iterator[tuple[list[bytes | LongLine], int, bool]]:
    """Lines of a piece, their bytes at most, and whether the last of them lacks its line end."""
    carry = b""
    overflow: _Overflow | None = None
    for chunk in chunks:
        lines: list[bytes | LongLine] = []
        if overflow is not None:
            rest, newline, chunk = chunk.partition(b"\n")
            overflow.add(rest)
            if not newline:
                continue
            lines.append(overflow.line())
            overflow = None
        text = carry + chunk
        parts: list[bytes | LongLine] = text.split(b"\n")  # type: ignore[assignment]
        carry = parts.pop()  # type: ignore[assignment]
        if parts and max(map(len, parts)) > max_line_bytes:
            parts = [p if len(p) <= max_line_bytes else _Overflow(hasher).add(p).line() for p in parts]  # type: ignore[arg-type]
        lines.extend(parts)
        if len(carry) > max_line_bytes:
            overflow, carry = _Overflow(hasher).add(carry), b""
        if lines:
            yield lines, len(text), False
    if overflow is not None:
        yield [overflow.line()], 0, True
    elif carry:
        yield [carry], len(carry), True
