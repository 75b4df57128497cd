"""Rows as the readers hand them on: a batch of raw values, by column, with where each row stood in its file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from typing import Any, NamedTuple, Protocol

import pyarrow as pa

BATCH_ROWS = 10_000
# A batch ends early at this many bytes, so that long lines do not fill the memory.
BATCH_BYTES = 8_000_000


class Quarantined(NamedTuple):
    """A row that is not loaded. ``length`` and ``hmac`` describe the offending value, which itself is not kept."""

    line_no: int | None
    row_no: int
    reason: str
    field: str | None = None
    length: int | None = None
    hmac: str | None = None


class Values(Protocol):
    """Raw values of a batch."""

    def __len__(self) -> int: ...

    def names(self) -> set[str]:
        """Names of all fields that occur."""

    def column(self, name: str) -> list[Any]:
        """Value of a field in each row; None where it is absent."""

    def array(self, name: str) -> pa.Array | None:
        """The column as it was read, where that was by column; a float there may stand for a whole number."""

    def objects(self) -> list[dict[str, Any]]:
        """Each row as name -> value."""


class Objects:
    """Values that were read row by row (JSON)."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self._rows = rows

    @cached_property
    def _shared_names(self) -> tuple[str, ...] | None:
        """The fields of every row when all name the same ones in the same order, as the rows of one exporter do."""
        names = tuple(self._rows[0]) if self._rows else ()
        return names if all(map(names.__eq__, map(tuple, self._rows))) else None

    @cached_property
    def _columns(self) -> dict[str, list[Any]] | None:
        """All columns of rows that share their names: turning them over at once is twice as fast."""
        names = self._shared_names
        if names is None:
            return None
        return dict(zip(names, map(list, zip(*map(dict.values, self._rows), strict=True)), strict=False))

    def __len__(self) -> int:
        return len(self._rows)

    def names(self) -> set[str]:
        return set(chain.from_iterable(self._rows) if self._shared_names is None else self._shared_names)

    def column(self, name: str) -> list[Any]:
        if self._columns is None:
            return [row.get(name) for row in self._rows]
        return self._columns.get(name) or [None] * len(self._rows)

    def array(self, name: str) -> None:
        return None

    def objects(self) -> list[dict[str, Any]]:
        return self._rows


class Columns:
    """Values that were read column by column (CSV, Parquet)."""

    def __init__(self, columns: dict[str, list[Any]], length: int) -> None:
        self._columns = columns
        self._length = length

    def __len__(self) -> int:
        return self._length

    def names(self) -> set[str]:
        return set(self._columns)

    def column(self, name: str) -> list[Any]:
        return self._columns.get(name) or [None] * self._length

    def array(self, name: str) -> None:
        return None

    def objects(self) -> list[dict[str, Any]]:
        names = list(self._columns)
        return [dict(zip(names, row, strict=True)) for row in zip(*self._columns.values(), strict=True)]


@dataclass
class Batch:
    """Rows that could be read, their places, and rows that could not.

    Attributes:
        line_nos: 1-based line of the uncompressed file where each row starts.
        row_nos: 1-based position of each row among all rows of the file.
    """

    values: Values
    line_nos: list[int]
    row_nos: list[int]
    quarantined: list[Quarantined] = field(default_factory=list)


class RowReader(Protocol):
    """Reads the rows of one staged file.

    Attributes:
        rows_in: rows that the file holds, counted apart from the reading; final when ``batches`` is exhausted.
        lenient_numbers: the format has no whole numbers of its own, so ``7.0`` is a count too.
    """

    rows_in: int
    lenient_numbers: bool

    def batches(self) -> Iterator[Batch]:
        """All rows, in order. Raises FileRefused when the file must not be loaded."""


def numbered(start: int, count: int) -> list[int]:
    """``count`` consecutive numbers."""
    return list(range(start, start + count))


def pick(items: list[Any], keep: Iterable[int]) -> list[Any]:
    """The items at the given places."""
    return [items[place] for place in keep]
