"""Rows of landing files as plain dictionaries, whatever the format and compression."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet
import zstandard

FAMILIES = ("inference", "rework", "sla", "outcomes", "litellm", "otel")
LONGEST_LINE = 1_000_000
IGNORED_SUFFIXES = (".tmp", ".part", ".crc")

Row = dict[str, Any]


class BadRow(ValueError):
    """A row that must not be counted; the text is a reason code."""


def family_of(source: str) -> str | None:
    """Family of a landing folder: ``litellm-eu`` belongs to ``litellm``; unknown folders to none."""
    for family in FAMILIES:
        if source == family or source.startswith(family + "-"):
            return family
    return None


def landing_files(landing: Path) -> Iterator[tuple[str, str, Path]]:
    """``(source, family, path)`` of every file that holds rows, in a fixed order."""
    for folder in sorted(p for p in landing.iterdir() if p.is_dir() and not p.is_symlink()):
        family = family_of(folder.name)
        if family is None:
            continue
        for path in sorted(folder.rglob("*")):
            hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
            if path.is_file() and not path.is_symlink() and not hidden and path.suffix not in IGNORED_SUFFIXES:
                yield folder.name, family, path


def rows_of(path: Path) -> Iterator[Row | BadRow]:
    """The rows of one file; a row that cannot be read comes as a ``BadRow``. A torn file yields nothing."""
    try:
        content = _uncompressed(path.read_bytes())
    except (OSError, EOFError, zstandard.ZstdError):
        return
    if content[:4] == b"PAR1":
        yield from _parquet_rows(content)
    elif ".csv" in path.suffixes:
        yield from _csv_rows(content)
    else:
        yield from _json_rows(content)


def _uncompressed(content: bytes) -> bytes:
    # The first bytes decide, because a file's name may lie.
    if content[:2] == b"\x1f\x8b":
        return gzip.decompress(content)
    if content[:4] == b"\x28\xb5\x2f\xfd":
        return zstandard.ZstdDecompressor().stream_reader(io.BytesIO(content), read_across_frames=True).read()
    return content


def _parquet_rows(content: bytes) -> Iterator[Row | BadRow]:
    yield from pyarrow.parquet.read_table(io.BytesIO(content)).to_pylist()


def _csv_rows(content: bytes) -> Iterator[Row | BadRow]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        yield BadRow("bad_encoding")
        return
    reader = csv.reader(io.StringIO(text, newline=""))
    header = next(reader, None)
    if header is None:
        return
    for values in reader:
        if not values:
            continue
        if len(values) != len(header):
            yield BadRow("ragged")
            continue
        yield {name: value for name, value in zip(header, values, strict=True) if value != ""}


def _json_rows(content: bytes) -> Iterator[Row | BadRow]:
    for line in content.removeprefix(b"\xef\xbb\xbf").split(b"\n"):
        if not line.strip():
            continue
        if len(line) > LONGEST_LINE:
            yield BadRow("line_too_long")
            continue
        try:
            row = parse_json(line.decode("utf-8"))
        except (ValueError, RecursionError):
            yield BadRow("bad_json")
            continue
        yield row if isinstance(row, dict) else BadRow("not_an_object")


def _object_of(pairs: list[tuple[str, Any]]) -> Row:
    row = dict(pairs)
    if len(row) != len(pairs):
        raise BadRow("duplicate_key")
    return row


def _no_constant(name: str) -> Any:
    raise BadRow(f"not JSON: {name}")


# Decimals keep the digits that were written; a float would not.
_DECODER = json.JSONDecoder(object_pairs_hook=_object_of, parse_float=Decimal, parse_constant=_no_constant)


def parse_json(text: str) -> Any:
    """JSON with exact numbers; repeated keys, NaN and Infinity are refused with ``ValueError``."""
    return _DECODER.decode(text.strip())
