"""Landing files as bytes that depend on nothing but their rows: no clock, no file names inside archives."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

Row = dict[str, Any]


def json_line(row: Row) -> bytes:
    """One JSON object without the line end; None members are left out by the caller where a real client would."""
    return orjson.dumps(row)


def csv_bytes(rows: list[Row], columns: list[str]) -> bytes:
    """RFC 4180 text with a header; None is empty, booleans are ``true`` and ``false``, objects are JSON."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(row.get(column)) for column in columns])
    return text.getvalue().encode()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return orjson.dumps(value).decode() if isinstance(value, dict | list) else str(value)


def parquet_bytes(rows: list[Row], schema: pa.Schema) -> bytes:
    """One Parquet file of the rows."""
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), sink, compression="zstd", store_schema=False)
    return sink.getvalue()


def compressed(content: bytes, name: str) -> bytes:
    """The content as the suffix of the name wants it."""
    if name.endswith(".gz"):
        return gzip.compress(content, compresslevel=6, mtime=0)
    if name.endswith(".zst"):
        return zstandard.ZstdCompressor(level=3).compress(content)
    return content


class LandingFiles:
    """Collects lines by file, then writes all files below a landing folder. Paths are relative and use ``/``."""

    def __init__(self) -> None:
        self._lines: dict[str, list[bytes]] = {}
        self._whole: dict[str, tuple[bytes, int]] = {}

    def add(self, path: str, line: bytes) -> int:
        """Append a line; returns its 1-based number."""
        lines = self._lines.setdefault(path, [])
        lines.append(line)
        return len(lines)

    def add_whole(self, path: str, content: bytes, rows: int) -> None:
        """A file with its content as it is before compression."""
        self._whole[path] = (content, rows)

    def lines(self, path: str) -> list[bytes]:
        """The lines of a file, to be changed in place."""
        return self._lines[path]

    def paths(self, prefix: str = "") -> list[str]:
        """All paths below a prefix, sorted."""
        return sorted(path for path in (*self._lines, *self._whole) if path.startswith(prefix))

    def content(self, path: str) -> bytes:
        """Bytes of a file before compression."""
        if path in self._whole:
            return self._whole[path][0]
        return b"".join(line + b"\n" for line in self._lines[path])

    def rows(self, path: str) -> int:
        """Rows in a file; a JSON line is one row, a CSV header is none."""
        return self._whole[path][1] if path in self._whole else len(self._lines[path])

    def write(self, landing: Path) -> None:
        """Write every file; folders are made, files of the same name replaced."""
        for path in self.paths():
            target = landing / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(compressed(self.content(path), path))
