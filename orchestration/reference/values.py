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
_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")
_WEEKDAYS = re.compile(r"([1-7])(?:-([1-7]))?")
MINUTES_OF_A_DAY = 24 * 60
MINUTES_OF_A_WEEK = 7 * MINUTES_OF_A_DAY

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


def parse_hours(text: str) -> tuple[int, int]:
    """First minute of the day and length in minutes of a window such as ``16:30-00:30``; it may cross midnight.

    Raises:
        ValueError: not two times, or an empty window.
    """
    match = _HOURS.fullmatch(text)
    if match is None:
        raise ValueError("not a part of the day such as 16:30-00:30 (UTC)")
    start, end = int(match[1]) * 60 + int(match[2]), int(match[3]) * 60 + int(match[4])
    if end > MINUTES_OF_A_DAY or start == end:
        raise ValueError("not a part of the day: it must end after it begins, at 24:00 at the latest")
    return start, (end - start) % MINUTES_OF_A_DAY or MINUTES_OF_A_DAY


def parse_weekdays(text: str) -> tuple[int, int]:
    """First and last weekday, both included, 1 Monday to 7 Sunday, of ``1-5`` or ``6``.

    Raises:
        ValueError: not a weekday, or the last before the first.
    """
    match = _WEEKDAYS.fullmatch(text)
    if match is None:
        raise ValueError("not weekdays such as 1-5 (1 is Monday)")
    first, last = int(match[1]), int(match[2] or match[1])
    if last < first:
        raise ValueError("the last weekday is before the first; write two rows")
    return first, last


def window_minutes(hours: str, weekdays: str) -> list[tuple[int, int]]:
    """Half-open minutes of the week (from Monday 00:00 UTC) of a price window, in order; empty texts mean always.

    The weekday is that on which the window begins: ``22:00-06:00`` on ``5`` ends on Saturday morning.
    """
    start, length = parse_hours(hours) if hours else (0, MINUTES_OF_A_DAY)
    first, last = parse_weekdays(weekdays) if weekdays else (1, 7)
    pieces = []
    for day in range(first - 1, last):
        begin = day * MINUTES_OF_A_DAY + start
        end = begin + length
        pieces.append((begin, min(end, MINUTES_OF_A_WEEK)))
        if end > MINUTES_OF_A_WEEK:
            pieces.append((0, end - MINUTES_OF_A_WEEK))
    return sorted(pieces)
