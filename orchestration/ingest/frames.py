"""From raw values to typed Arrow columns: whole columns when they are clean, value by value when they are not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from orchestration.ingest.batches import Batch, Quarantined, pick
from orchestration.ingest.privacy import Hasher
from orchestration.ingest.reasons import MISSING_FIELD, MISSING_ID, Bad
from orchestration.ingest.tables import Table
from orchestration.ingest.values import (
    EARLIEST,
    LATEST,
    MAX_AMOUNT,
    MAX_COUNT,
    MAX_DURATION_MS,
    MAX_TEXT,
    duration_us,
    one_of,
    parser,
)

UTC_TIME = pa.timestamp("us", "UTC")
ARROW_TYPES: dict[str, pa.DataType] = {
    "text": pa.string(),
    "id": pa.string(),
    "word": pa.string(),
    "currency": pa.string(),
    "ids": pa.string(),
    "integer": pa.int64(),
    "total": pa.int64(),
    "duration": pa.int64(),
    "boolean": pa.bool_(),
    "time": UTC_TIME,
    "due": UTC_TIME,
    # Exact texts; the database rounds them half up while casting, as ``values.decimal`` does.
    "money": pa.string(),
    "charge": pa.string(),
    "stated": pa.string(),
    "minutes": pa.string(),
}
# What a plain value of a kind is in JSON.
_JSON_TYPES: dict[str, pa.DataType] = {
    **dict.fromkeys(("text", "id", "word", "time", "due"), pa.string()),
    **dict.fromkeys(("money", "minutes", "duration"), pa.float64()),
    "integer": pa.int64(),
    "boolean": pa.bool_(),
}
_PYTHON_TYPES = {pa.string(): str, pa.float64(): float, pa.int64(): int, pa.bool_(): bool}
_EARLIEST_US = int(EARLIEST.timestamp()) * 1_000_000
_LATEST_US = int(LATEST.timestamp()) * 1_000_000
# Shortest ISO text with minutes, seconds and offset: Arrow also reads hours alone, which is not a moment to us.
_SHORTEST_ISO, _LONGEST_ISO = 20, 40


@dataclass(frozen=True)
class ParseContext:
    """What parsers need besides the rows.

    Attributes:
        source: landing folder, stored as ``_source``.
        latest: moments after it are refused as future.
        hasher: keyed hash for prompts and for refused values.
        places: where the source's rows carry outcome, use case and the like, in the form that its parser reads; None
            where nothing can be said.
    """

    source: str
    latest: datetime
    hasher: Hasher
    places: Any


@dataclass(frozen=True)
class Field:
    """A field of a landed row.

    Attributes:
        kind: see ``values.parser``; or ``word`` with ``allowed``.
        needed: without it the row is refused.
        is_label: neither what the row costs nor what it counts as depends on it. A value that cannot be used is unknown
            and counted; that of any other field refuses the row.
    """

    name: str
    kind: str
    needed: bool = False
    allowed: frozenset[str] = frozenset()
    is_label: bool = False

    @property
    def accepts(self) -> str:
        """What may stand in it, in words."""
        if self.kind == "word":
            return f"one of {', '.join(sorted(self.allowed))}"
        if self.kind == "boolean":
            return "true or false"
        if self.kind == "integer":
            return f"a whole number from 0 to {MAX_COUNT:,}"
        return f"one line of at most {MAX_TEXT:,} characters"


@dataclass
class Frame:
    """Typed rows ready to insert, and rows that are not loaded.

    Attributes:
        columns: Arrow arrays of equal length, by name.
        line_nos, row_nos: place in the file of each row.
        table: where the rows land; None: the family's first table.
        unusable: label -> rows among these whose value could not be used.
    """

    columns: dict[str, pa.Array]
    line_nos: Sequence[int]
    row_nos: Sequence[int]
    quarantined: list[Quarantined]
    table: Table | None = None
    unusable: Counter[str] = field(default_factory=Counter)


class Parser(Protocol):
    """Turns batches of one source family into frames."""

    def parse(self, batch: Batch, *, lenient_numbers: bool) -> Frame | list[Frame]:
        """Every row of the batch ends in the columns of one frame or in its quarantined rows; a family with several
        tables gives a frame for each."""

    def wants(self, name: str) -> bool:
        """Whether a CSV or Parquet column of this name is read at all."""


class Problems:
    """First problem of each row of a batch, and labels that cannot be used."""

    def __init__(self) -> None:
        self._found: dict[int, tuple[str, str, Any]] = {}
        self._labels: list[tuple[int, str]] = []

    def __len__(self) -> int:
        return len(self._found)

    def add(self, place: int, reason: str, field: str, value: Any = None) -> None:
        self._found.setdefault(place, (reason, field, value))

    def add_label(self, place: int, field: str) -> None:
        """A label whose value is no problem of its row."""
        self._labels.append((place, field))

    def add_where(self, mask: pa.Array, reason: str, field: str) -> None:
        """A problem for each row where the mask is true."""
        if pc.any(mask).as_py():
            for place in pc.indices_nonzero(pc.fill_null(mask, False)).to_pylist():
                self.add(place, reason, field)

    def split(self, columns: dict[str, pa.Array], batch: Batch, hasher: Hasher) -> Frame:
        """The frame of a batch: rows without problems, and the others as quarantined rows."""
        unusable = Counter(field for place, field in self._labels if place not in self._found)
        if not self._found:
            return Frame(columns, batch.line_nos, batch.row_nos, batch.quarantined, unusable=unusable)
        quarantined = list(batch.quarantined)
        hashed: dict[int, tuple[int | None, str | None]] = {}
        for place in sorted(self._found):
            reason, field, value = self._found[place]
            # By identity: one huge text that a Parquet file repeats in every row is hashed once.
            if id(value) not in hashed:
                hashed[id(value)] = hasher.of_value(value)
            length, digest = hashed[id(value)]
            quarantined.append(
                Quarantined(batch.line_nos[place], batch.row_nos[place], str(reason), field, length, digest)
            )
        keep = sorted(set(range(len(batch.values))).difference(self._found))
        taken = pa.array(keep, pa.int64())
        return Frame(
            {name: column.take(taken) for name, column in columns.items()},
            pick(batch.line_nos, keep),
            pick(batch.row_nos, keep),
            quarantined,
            unusable=unusable,
        )


def typed_column(
    field: Field,
    values: list[Any],
    problems: Problems,
    *,
    latest: datetime,
    lenient: bool = False,
    naive_is_utc: bool = False,
) -> pa.Array:
    """Arrow array of a field; bad values and needed values that are missing become problems. A parser may hand on why a
    value is bad in its place."""
    column = _clean_column(field, values, latest)
    if column is None:
        column = _column_by_value(field, values, problems, latest, lenient, naive_is_utc)
    if field.needed and column.null_count:
        reason = MISSING_ID if field.kind == "id" else MISSING_FIELD
        problems.add_where(column.is_null(), reason, field.name)
    return column


def json_types(fields: Iterable[Field]) -> dict[str, pa.DataType]:
    """Types of the fields in plain JSON, by name."""
    return {field.name: _JSON_TYPES[field.kind] for field in fields if field.kind in _JSON_TYPES}


def _column_by_value(
    field: Field, values: list[Any], problems: Problems, latest: datetime, lenient: bool, naive_is_utc: bool
) -> pa.Array:
    parse = (
        (lambda value: one_of(value, allowed=field.allowed))
        if field.kind == "word"
        else parser(field.kind, lenient=lenient, latest=latest, naive_is_utc=naive_is_utc)
    )
    if set(map(type, values)) <= {str, type(None)} and len(distinct := set(values)) * 2 < len(values):
        parse = {value: parse(value) for value in distinct}.__getitem__
    clean = []
    for place, value in enumerate(values):
        result = value if type(value) is Bad else parse(value)
        if type(result) is Bad:
            if field.is_label:
                problems.add_label(place, field.name)
            else:
                problems.add(place, result, field.name, value)
            result = None
        clean.append(result)
    if field.kind in ("money", "charge", "minutes", "stated"):
        clean = [None if amount is None else format(amount, "f") for amount in clean]
    return pa.array(clean, ARROW_TYPES[field.kind])


def _clean_column(field: Field, values: list[Any], latest: datetime) -> pa.Array | None:
    """The column when every value is plainly good, else None."""
    types = set(map(type, values))
    types.discard(type(None))
    if not types:
        return pa.nulls(len(values), ARROW_TYPES[field.kind])
    kind = _JSON_TYPES.get(field.kind)
    if len(types) > 1 or kind is None or types.pop() is not _PYTHON_TYPES[kind]:
        return None
    # The length first: a Parquet file may repeat one huge text for every row at no cost to itself.
    if kind == pa.string() and max(map(len, filter(None, set(values))), default=0) > MAX_TEXT:
        return None
    try:
        return clean_array(field, pa.array(values, kind), latest)
    except (pa.ArrowInvalid, OverflowError, UnicodeEncodeError):
        return None


def clean_array(field: Field, array: pa.Array, latest: datetime) -> pa.Array | None:
    """The typed column of values that were read by column, when every one is plainly good, else None. Never decides
    that a value is bad, and reads each value as the function for single values does."""
    if field.kind not in _JSON_TYPES:
        return None
    if array.null_count == len(array):
        return None if field.needed else pa.nulls(len(array), ARROW_TYPES[field.kind])
    kind = field.kind
    if array.type != _JSON_TYPES.get(kind) or (field.needed and array.null_count):
        return None
    if kind in ("text", "id"):
        return array if _are_plain_texts(array) else None
    if kind == "word":
        return array if pc.all(pc.is_in(array.drop_null(), pa.array(field.allowed, pa.string()))).as_py() else None
    if kind == "integer":
        return array if _lie_between(array, 0, MAX_COUNT) else None
    if kind in ("time", "due"):
        return _clean_times(array, latest if kind == "time" else None)
    if kind in ("money", "minutes"):
        return _clean_amounts(array)
    return _clean_durations(array) if kind == "duration" else array


def _lie_between(array: pa.Array, least: Any, greatest: Any) -> bool:
    bounds = pc.min_max(array)
    return bounds["min"].as_py() >= least and bounds["max"].as_py() <= greatest


def _are_plain_texts(array: pa.Array) -> bool:
    """Printable ASCII needs no closer look; anything else is judged value by value."""
    return (
        _lie_between(pc.binary_length(array), 1, MAX_TEXT)
        and pc.all(pc.ascii_is_printable(array)).as_py()
        and not pc.any(pc.ascii_is_space(array)).as_py()
    )


def _clean_times(texts: pa.Array, latest: datetime | None) -> pa.Array | None:
    if not _lie_between(pc.binary_length(texts), _SHORTEST_ISO, _LONGEST_ISO):
        return None
    try:
        column = texts.cast(UTC_TIME)
    except pa.ArrowInvalid:
        return None
    last = _LATEST_US - 1 if latest is None else min(_LATEST_US - 1, _micros(latest))
    return column if _lie_between(column.cast(pa.int64()), _EARLIEST_US, last) else None


def _clean_amounts(numbers: pa.Array) -> pa.Array | None:
    if not (pc.all(pc.is_finite(numbers)).as_py() and _lie_between(numbers, 0, float(MAX_AMOUNT))):
        return None
    texts = [None if value is None else repr(value) for value in numbers.to_pylist()]
    return None if "-0.0" in texts else pa.array(texts, pa.string())


def _clean_durations(numbers: pa.Array) -> pa.Array | None:
    """Whole microseconds; where the fraction is too near a half for floats, the exact rule decides."""
    scaled = pc.multiply(numbers, 1000.0)
    if not _lie_between(scaled, 0, MAX_DURATION_MS * 1000):
        return None
    whole = pc.floor(scaled)
    distance = pc.abs(pc.subtract(pc.subtract(scaled, whole), 0.5))
    column = pc.floor(pc.add(scaled, 0.5)).cast(pa.int64())
    if pc.all(pc.greater(distance, 0.01)).as_py():
        return column
    exact = column.to_pylist()
    for place in pc.indices_nonzero(pc.less_equal(distance, 0.01)).to_pylist():
        exact[place] = duration_us(numbers[place].as_py())
    return pa.array(exact, pa.int64())


def _micros(moment: datetime) -> int:
    # Whole seconds and microseconds apart: a float of seconds does not hold all microseconds of this century.
    return int(moment.replace(microsecond=0).timestamp()) * 1_000_000 + moment.microsecond
