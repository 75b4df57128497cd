"""Values of reference data: instants, decimals, months. One meaning for validation, difference and price update."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:?\d{2})")
_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])(-01)?")
_DECIMAL = re.compile(r"-?\d{1,20}(\.\d{1,40})?")
_INTEGER = re.compile(r"-?\d{1,18}")

# Outside these years a date is a slip of the keyboard, and some tools cannot hold it.
FIRST_YEAR, LAST_YEAR = 1970, 2200


def parse_instant(text: str, zone: str) -> datetime:
    """The instant (UTC) that a date or a time with offset means; a date is midnight in ``zone``.

    Raises:
        ValueError: neither a date nor a time with an offset, or no such day.
    """
    if _DATE.fullmatch(text):
        day = date.fromisoformat(text)
        instant = datetime.combine(day, time(0), ZoneInfo(zone))
    elif _INSTANT.fullmatch(text):
        instant = datetime.fromisoformat(text)
    else:
        raise ValueError("not a date (2026-07-01) or a time with offset (2026-07-01T00:00:00+00:00)")
    if not FIRST_YEAR <= instant.year <= LAST_YEAR:
        raise ValueError(f"year outside {FIRST_YEAR} to {LAST_YEAR}")
    return instant.astimezone(UTC)


def parse_day(text: str) -> date:
    """A calendar day.

    Raises:
        ValueError: not a day.
    """
    if not _DATE.fullmatch(text):
        raise ValueError("not a date such as 2026-07-01")
    day = date.fromisoformat(text)
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError(f"year outside {FIRST_YEAR} to {LAST_YEAR}")
    return day


def parse_month(text: str) -> str:
    """A month as its first day, ``2026-07-01``.

    Raises:
        ValueError: neither ``2026-07`` nor ``2026-07-01``.
    """
    match = _MONTH.fullmatch(text)
    if match is None or not FIRST_YEAR <= int(match[1]) <= LAST_YEAR:
        raise ValueError("not a month such as 2026-07")
    return f"{match[1]}-{match[2]}-01"


def parse_decimal(text: str, places: int = 12) -> Decimal:
    """A plain number with at most ``places`` decimals; no exponent, no plus sign, no separators.

    More decimals than the warehouse keeps would be rounded there without a word.

    Raises:
        ValueError: anything else, NaN and infinity among it.
    """
    if not _DECIMAL.fullmatch(text):
        raise ValueError("not a plain number, such as 1234.5")
    if len(text.partition(".")[2].rstrip("0")) > places:
        raise ValueError(f"more than {places} decimals")
    return Decimal(text)


def parse_integer(text: str) -> int:
    """A whole number.

    Raises:
        ValueError: anything else.
    """
    if not _INTEGER.fullmatch(text):
        raise ValueError("not a whole number")
    return int(text)
