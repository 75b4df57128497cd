"""Chooses how a staged file is read, by its content."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from itertools import chain
from typing import BinaryIO

from orchestration.ingest.batches import RowReader
from orchestration.ingest.csv_rows import CsvReader
from orchestration.ingest.family import Family
from orchestration.ingest.frames import Parser
from orchestration.ingest.json_rows import JsonReader
from orchestration.ingest.parquet_rows import ParquetReader
from orchestration.ingest.privacy import Hasher
from orchestration.ingest.reasons import FileRefused
from orchestration.ingest.staging import Staged, content_format, unpacked
from orchestration.settings import Settings


def open_reader(
    staged: Staged, name: str, family: Family, parser: Parser, settings: Settings, hasher: Hasher
) -> tuple[RowReader, str]:
    """The reader of a staged file and the name of its format.

    Raises:
        FileRefused: empty, not readable, or of a format that the family does not have.
    """
    if staged.size == 0:
        raise FileRefused("empty_file")
    chunks = unpacked(staged, settings)
    first = next(chunks, b"")
    # Enough to tell the format even when the first piece is tiny.
    while len(first) < 64 and (more := next(chunks, b"")):
        first += more
    if not first:
        raise FileRefused("empty_file")
    found = content_format(first, name)
    if found not in family.formats:
        raise FileRefused("unsupported_format")
    whole: Iterator[bytes] = chain([first], chunks)
    if found == "json":
        return JsonReader(family.layout, whole, settings.max_line_bytes, hasher), "jsonl"
    if found == "csv":
        reader = CsvReader(
            whole, family.needed, parser.wants, settings.max_line_bytes, hasher, named_once=family.named_once
        )
        return reader, "csv"
    handle = staged.handle if staged.compression == "none" else _spooled(whole, settings)
    return ParquetReader(handle, staged.size, family.needed, parser.wants, settings), "parquet"


def _spooled(pieces: Iterator[bytes], settings: Settings) -> BinaryIO:
    """The pieces in one unnamed temporary file: Parquet is read from its end."""
    handle: BinaryIO = tempfile.TemporaryFile(dir=settings.warehouse_dir)  # type: ignore[assignment]  # noqa: SIM115
    for piece in pieces:
        handle.write(piece)
    return handle
