"""One value in, one clean value or a reason code out. Pure functions: no clock, no files, no settings."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation, localcontext
from functools import partial
from typing import Any

import orjson

from orchestration.ingest.reasons import (
    BAD_BOOLEAN,
    BAD_NUMBER,
    BAD_TEXT,
    BAD_TIME,
    BAD_VALUE,
    FUTURE_TIME,
    NAIVE_TIME,
    Bad,
)

MAX_TEXT = 1_000
# Larger than any context window or batch of today by an order of magnitude, and far from overflow when priced.
MAX_COUNT = 100_000_000
MAX_AMOUNT = Decimal(1_000_000_000)
# Bounds of what a whole organisation uses and pays in a period.
MAX_TOTAL = 10**18
MAX_STATED = Decimal(10) ** 18
MAX_DURATION_MS = 7 * 24 * 3_600_000

# Tab is the one control character that real exports put into names; it is kept as it came.
CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\ud800-\udfff]")
_DIGITS = re.compile(r"[0-9]{1,30}")
_INTEGRAL = re.compile(r"[0-9]{1,30}\.0*")
_NUMBER = re.compile(r"[0-9]{1,30}(\.[0-9]{0,60})?([eE][+-]?[0-9]{1,3})?")
_SIGNED = re.compile(r"[+-]?[0-9]{1,30}(\.[0-9]{0,60})?([eE][+-]?[0-9]{1,3})?")
_ISO = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]{1,30}))?)?"
    r" ?(Z|z|UTC|[+-][0-9]{2}(?::?[0-9]{2})?)?"
)

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2101, 1, 1, tzinfo=UTC)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST_S = int(EARLIEST.timestamp())
_LATEST_S = int(LATEST.timestamp())


def text(value: Any) -> str | Bad | None:
    """A name or an id, its characters kept as they came; empty and blank are None.

    Whole numbers become their digits. Anything else that is not text is ``bad_text``, as are control characters
    (except tab), lone surrogates and more than 1,000 characters.
    """
    if value is None:
        return None
    if type(value) is int:
        value = str(value) if -(10**30) < value < 10**30 else "\0"
    if not isinstance(value, str):
        return BAD_TEXT
    if not value or value.isspace():
        return None
    if len(value) > MAX_TEXT or CONTROL.search(value):
        return BAD_TEXT
    return value


def _is_finite(value: float | Decimal) -> bool:
    # A signalling NaN is not to be turned into a float.
    return value.is_finite() if isinstance(value, Decimal) else math.isfinite(value)


def integer(value: Any, *, lenient: bool = False, largest: int = MAX_COUNT) -> int | Bad | None:
    """A count from 0 to ``largest`` (100,000,000).

    Digit strings are accepted. ``lenient`` (CSV and Parquet, where tools write counts as floats) also accepts
    ``7.0``. Everything else, also ``true``, is ``bad_number``; blank is None.
    """
    if value is None:
        return None
    if type(value) is str:
        if not value or value.isspace():
            return None
        if lenient and _INTEGRAL.fullmatch(value):
            value = value.partition(".")[0]
        if not _DIGITS.fullmatch(value):
            return BAD_NUMBER
        value = int(value)
    elif type(value) is float or isinstance(value, Decimal):
        if not lenient or not _is_finite(value) or value != int(value):
            return BAD_NUMBER
        value = int(value)
    elif type(value) is not int:
        return BAD_NUMBER
    return value if 0 <= value <= largest else BAD_NUMBER


def decimal(value: Any, *, scale: int) -> Decimal | Bad | None:
    """An amount from 0 to 1,000,000,000, rounded half up to ``scale`` digits after the point.

    Floats are read by their shortest decimal text, so that 0.1 is one tenth in every format.
    """
    if value is None or (type(value) is str and (not value or value.isspace())):
        return None
    if isinstance(value, Decimal):
        exact = value
    elif type(value) is int:
        exact = Decimal(value) if abs(value) < 10**30 else Decimal("NaN")
    elif type(value) is float:
        exact = Decimal(repr(value))
    elif type(value) is str and _NUMBER.fullmatch(value):
        exact = Decimal(value)
    else:
        return BAD_NUMBER
    if not exact.is_finite() or (exact.is_signed() and exact != 0) or exact > MAX_AMOUNT:
        return BAD_NUMBER
    with localcontext(prec=60):
        try:
            return abs(exact).quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP)
        except InvalidOperation:
            return BAD_NUMBER


def signed(value: Any, *, scale: int, largest: Decimal = MAX_STATED) -> Decimal | Bad | None:
    """An amount or quantity that may be negative (credits, corrections); else as ``decimal``."""
    if (type(value) is str and _SIGNED.fullmatch(value)) or (type(value) is int and abs(value) < 10**30):
        value = Decimal(value)
    elif type(value) is float:
        value = Decimal(repr(value))
    if not isinstance(value, Decimal):
        return decimal(value, scale=scale)
    if not value.is_finite() or abs(value) > largest:
        return BAD_NUMBER
    with localcontext(prec=60):
        return value.quantize(Decimal(1).scaleb(-scale), rounding=ROUND_HALF_UP)


def duration_us(value: Any) -> int | Bad | None:
    """Milliseconds (0 to 7 days) as whole microseconds, rounded half up."""
    amount = decimal(value, scale=3)
    if amount is None or isinstance(amount, Bad):
        return amount
    return int(amount * 1000) if amount <= MAX_DURATION_MS else BAD_NUMBER


def boolean(value: Any) -> bool | Bad | None:
    """true or false: a boolean, 0 or 1, or these words in any case; blank is None."""
    if value is None or type(value) is bool:
        return value
    if type(value) is int and value in (0, 1):
        return bool(value)
    if type(value) is str:
        word = value.strip().lower()
        if not word:
            return None
        if word in ("true", "1"):
            return True
        if word in ("false", "0"):
            return False
    return BAD_BOOLEAN


def instant(value: Any, *, latest: datetime | None = None, naive_is_utc: bool = False) -> datetime | Bad | None:
    """A moment in UTC, cut to microseconds.

    Accepts ISO 8601 with offset or Z, aware datetimes, and epoch numbers whose unit (seconds, milli-, micro- or
    nanoseconds) is told by their size: the four ranges of 2000 to 2100 do not overlap.

    Args:
        latest: moments after it are ``future_time``; None: no bound.
        naive_is_utc: the source declares that times without offset are UTC; otherwise they are ``naive_time``.
    """
    if value is None:
        return None
    if isinstance(value, datetime):
        moment: datetime | Bad = value if value.tzinfo else (value.replace(tzinfo=UTC) if naive_is_utc else NAIVE_TIME)
    elif type(value) is str:
        if not value or value.isspace():
            return None
        moment = _from_text(value.strip(), naive_is_utc)
    elif type(value) in (int, float) or isinstance(value, Decimal):
        moment = _from_number(value)
    else:
        return BAD_TIME
    if isinstance(moment, Bad):
        return moment
    try:
        moment = moment.astimezone(UTC)
    except (OverflowError, ValueError):
        return BAD_TIME
    if not EARLIEST <= moment < LATEST:
        return BAD_TIME
    return FUTURE_TIME if latest is not None and moment > latest else moment


def _from_text(value: str, naive_is_utc: bool) -> datetime | Bad:
    if _NUMBER.fullmatch(value):
        return _from_number(Decimal(value))
    match = _ISO.fullmatch(value)
    if not match:
        return BAD_TIME
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    try:
        moment = datetime(
            int(year), int(month), int(day), int(hour), int(minute), int(second or 0),
            int((fraction or "")[:6].ljust(6, "0")), tzinfo=UTC,
        )  # fmt: skip
    except ValueError:
        return BAD_TIME
    if zone is None:
        return moment if naive_is_utc else NAIVE_TIME
    if zone in ("Z", "z", "UTC"):
        return moment
    digits = zone[1:].replace(":", "").ljust(4, "0")
    hours, minutes = int(digits[:2]), int(digits[2:])
    if hours > 23 or minutes > 59:
        return BAD_TIME
    offset = timedelta(hours=hours, minutes=minutes)
    try:
        return moment - offset if zone[0] == "+" else moment + offset
    except OverflowError:
        return BAD_TIME


def _from_number(value: int | float | Decimal) -> datetime | Bad:
    if type(value) is float:
        if not _is_finite(value):
            return BAD_TIME
        value = Decimal(repr(value))
    if isinstance(value, Decimal) and not value.is_finite():
        return BAD_TIME
    for per_second in (1, 1_000, 1_000_000, 1_000_000_000):
        if _EARLIEST_S * per_second <= value < _LATEST_S * per_second:
            microseconds = int(value * 1_000_000 // per_second)
            return _EPOCH + timedelta(microseconds=microseconds)
    return BAD_TIME


def one_of(value: Any, *, allowed: frozenset[str]) -> str | Bad | None:
    """One of the listed words, exactly; blank is None."""
    word = text(value)
    if word is None:
        return None
    return word if word in allowed else BAD_VALUE


def currency(value: Any) -> str | Bad | None:
    """An ISO 4217 code, in upper case whatever the sender wrote."""
    word = text(value)
    if word is None:
        return None
    return word.upper() if len(word) == 3 and word.isascii() and word.isalpha() else BAD_VALUE


def id_list(value: Any) -> str | Bad | None:
    """Ids as JSON array text: distinct, not blank, in the order given; None when there is none.

    Accepts a list, JSON array text, text with ``;`` between ids, or one id.
    """
    items = _id_items(value)
    if isinstance(items, Bad):
        return items
    ids: list[str] = []
    for item in items:
        word = text(item)
        if isinstance(word, Bad):
            return word
        if word is not None and word not in ids:
            ids.append(word)
    return orjson.dumps(ids).decode() if ids else None


def _id_items(value: Any) -> list[Any] | Bad:
    if value is None:
        return []
    if type(value) is list:
        return value
    if type(value) is not str:
        return [value]
    if not value.lstrip().startswith("["):
        return [part.strip() for part in value.split(";")] if ";" in value else [value]
    try:
        items = orjson.loads(value)
    except ValueError:
        return BAD_VALUE
    return items if type(items) is list else BAD_VALUE


def fold_id(single: Any, listed: Any) -> Any:
    """A list of ids with a single id put in front of it; the list as it came when it cannot be read."""
    if single is None or single == "":
        return listed
    items = _id_items(listed)
    return listed if isinstance(items, Bad) else [single, *items]


Parser = Callable[[Any], Any]


def parser(kind: str, *, lenient: bool = False, latest: datetime | None = None, naive_is_utc: bool = False) -> Parser:
    """The function for a kind of field: ``text``, ``id``, ``integer``, ``total`` (a count of an organisation),
    ``money``, ``charge`` (money that may be negative), ``stated`` (an amount of an invoice, which may be negative),
    ``minutes``, ``duration``, ``boolean``, ``time`` (not in the future), ``due`` (may lie in the future), ``currency``
    or ``ids``."""
    parsers: dict[str, Parser] = {
        "text": text,
        "id": text,
        "integer": partial(integer, lenient=lenient),
        "total": partial(integer, lenient=lenient, largest=MAX_TOTAL),
        "money": partial(decimal, scale=12),
        "stated": partial(signed, scale=12),
        "charge": partial(signed, scale=12, largest=MAX_AMOUNT),
        "minutes": partial(decimal, scale=6),
        "duration": duration_us,
        "boolean": boolean,
        "time": partial(instant, latest=latest, naive_is_utc=naive_is_utc),
        "due": partial(instant, naive_is_utc=naive_is_utc),
        "currency": currency,
        "ids": id_list,
    }
    return parsers[kind]
