"""Plain JSON lines, read into columns at once. Lines in doubt are left to the reader that goes line by line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from io import BytesIO
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import json as arrow_json

from orchestration.ingest.batches import Objects

# Types of which a list holds just what a parser of single lines gives.
_EXACT = (pa.string(), pa.int64(), pa.bool_(), pa.null())
ParseLines = Callable[[list[bytes]], list[Any]]


class PlainLines:
    """Values of lines for which ``read_plain`` was sure. See ``batches.Values``."""

    def __init__(self, lines: list[bytes], table: pa.Table, parse: ParseLines) -> None:
        self._lines = lines
        self._table = table
        self._parse = parse

    @cached_property
    def _objects(self) -> Objects:
        return Objects(self._parse(self._lines))

    def __len__(self) -> int:
        return len(self._lines)

    def names(self) -> set[str]:
        return set(self._table.column_names)

    def array(self, name: str) -> pa.Array | None:
        return self._table.column(name).chunk(0) if name in self._table.column_names else None

    def column(self, name: str) -> list[Any]:
        array = self.array(name)
        if array is None:
            return [None] * len(self)
        return array.to_pylist() if array.type in _EXACT else self._objects.column(name)

    def objects(self) -> list[dict[str, Any]]:
        return self._objects.objects()


def read_plain(lines: list[bytes], types: Mapping[str, pa.DataType], parse: ParseLines) -> PlainLines | None:
    """The values of lines, or None when one of them is in doubt.

    Lines are sure when each is one flat object of ASCII without escapes, no key stands in one twice, and fields of a
    known type hold that type or null: then two parsers that know nothing of each other cannot read them differently.

    Args:
        types: type of each known field; those of others are found in the lines.
        parse: reads single lines, for columns that are asked for value by value.
    """
    text = b"\n".join(lines)
    # Where the only braces stand at the ends of lines, an object is a line.
    braces = (text[:1], text[-1:], text.count(b"{"), text.count(b"}"), text.count(b"}\n{"))
    if braces != (b"{", b"}", len(lines), len(lines), len(lines) - 1):
        return None
    if b"[" in text or b"\\" in text or not text.isascii():
        return None
    try:
        table = arrow_json.read_json(
            BytesIO(text),
            read_options=arrow_json.ReadOptions(use_threads=False, block_size=len(text) + 1),
            parse_options=arrow_json.ParseOptions(explicit_schema=pa.schema(types.items())),
        )
    except pa.ArrowException:
        return None
    numbers = [column for column in table.itercolumns() if column.type == pa.float64()]
    # Arrow reads NaN and Infinity, which are no JSON.
    if len(table) != len(lines) or not all(pc.all(pc.is_finite(column)).as_py() is not False for column in numbers):
        return None
    return PlainLines(lines, table, parse)
