"""One field at a time: text, counts, money and times out of whatever the format delivered."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from .landing_files import BadRow, Row

MICRO = timedelta(microseconds=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Outside of these years a time is a mistake of the sender.
FIRST_YEAR, LAST_YEAR = 2000, 2100
LARGEST_COUNT = 100_000_000
LARGEST_AMOUNT = Decimal(1_000_000_000)
LONGEST_TEXT = 1_000
_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\ud800-\udfff]")
_COUNT = re.compile(r"[0-9]{1,30}(\.0*)?")
_NUMBER = re.compile(r"[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]{1,3})?")
_TICKS_PER_SECOND = (1, 1_000, 1_000_000, 1_000_000_000)


def text(row: Row, name: str, *, needed: bool = False) -> str | None:
    """Text as sent; blank counts as absent, whole numbers are their digits."""
    value = row.get(name)
    if value is None or (isinstance(value, str) and not value.strip()):
        if needed:
            raise BadRow(f"missing {name}")
        return None
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise BadRow(f"bad_text {name}")
    result = str(value)
    if len(result) > LONGEST_TEXT or _CONTROL.search(result):
        raise BadRow(f"bad_text {name}")
    return result


def choice(row: Row, name: str, allowed: Iterable[str], *, needed: bool = False) -> str | None:
    """One of the allowed words, exactly as listed."""
    value = text(row, name, needed=needed)
    if value is not None and value not in allowed:
        raise BadRow(f"bad_value {name}")
    return value


def currency_code(row: Row, name: str) -> str | None:
    """Three letters, in upper case whatever was sent."""
    value = text(row, name)
    if value is not None and not re.fullmatch(r"[A-Za-z]{3}", value):
        raise BadRow(f"bad_value {name}")
    return None if value is None else value.upper()


def count(row: Row, name: str, *, needed: bool = False) -> int | None:
    """A whole number from 0 on: a number, or digits as text. A JSON number with a point is refused."""
    value = row.get(name)
    if value is None or (isinstance(value, str) and not value.strip()):
        if needed:
            raise BadRow(f"missing {name}")
        return None
    if isinstance(value, str) and _COUNT.fullmatch(value):
        value = int(value.partition(".")[0])
    elif isinstance(value, float) and value.is_integer():
        value = int(value)  # Parquet files of some tools hold counts as floats.
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LARGEST_COUNT:
        raise BadRow(f"bad_number {name}")
    return value


def number(row: Row, name: str, places: int) -> Decimal | None:
    """A decimal from 0 on, rounded half up to a number of places."""
    value = row.get(name)
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        raise BadRow(f"bad_number {name}")
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal, str)):
        raise BadRow(f"bad_number {name}")
    try:
        result = Decimal(repr(value) if isinstance(value, float) else str(value))
    except InvalidOperation:
        raise BadRow(f"bad_number {name}") from None
    if not result.is_finite() or not 0 <= result <= LARGEST_AMOUNT:
        raise BadRow(f"bad_number {name}")
    return result.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def money(row: Row, name: str) -> Decimal | None:
    """An amount with 12 decimals."""
    return number(row, name, 12)


def flag(row: Row, name: str) -> bool | None:
    """A boolean, 0 or 1, or these as words."""
    value = row.get(name)
    if value is None or isinstance(value, bool):
        return value
    known = {"true": True, "false": False, "1": True, "0": False, "": None}
    word = str(value).strip().lower()
    if word not in known:
        raise BadRow(f"bad_boolean {name}")
    return known[word]


def instant(row: Row, name: str, *, needed: bool = False, naive_is_utc: bool = False) -> datetime | None:
    """An instant, cut to microseconds, from ISO 8601 with an offset or an epoch number whose size tells its unit."""
    value = row.get(name)
    if value is None or (isinstance(value, str) and not value.strip()):
        if needed:
            raise BadRow(f"missing {name}")
        return None
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        value = Decimal(value.strip())
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        return _of_epoch(Decimal(repr(value)) if isinstance(value, float) else Decimal(value), name)
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            raise BadRow(f"bad_time {name}") from None
    if not isinstance(value, datetime):
        raise BadRow(f"bad_time {name}")
    if value.tzinfo is None:
        if not naive_is_utc:
            raise BadRow(f"time_without_offset {name}")
        value = value.replace(tzinfo=UTC)
    value = value.astimezone(UTC)
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise BadRow(f"bad_time {name}")
    return value


def _of_epoch(ticks: Decimal, name: str) -> datetime:
    for per_second in _TICKS_PER_SECOND:
        if ticks.is_finite():
            micros = ticks * 1_000_000 // per_second
            if 946_684_800 * 10**6 <= micros < 4_133_980_800 * 10**6:
                return EPOCH + int(micros) * MICRO
    raise BadRow(f"bad_time {name}")


def label(read: Callable[..., Any], row: Row, name: str, *more: object) -> Any:
    """A field that no money or identity depends on: what cannot be used is unknown."""
    try:
        return read(row, name, *more)
    except BadRow:
        return None


def not_before(first: datetime | None, second: datetime | None, name: str) -> None:
    """Refuse a row whose second time lies before its first."""
    if first is not None and second is not None and second < first:
        raise BadRow(f"negative_duration {name}")
