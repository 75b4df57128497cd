"""How a reference file is described: columns and their kinds, keys, intervals, references to other files."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal

from orchestration.reference.values import (
    parse_day,
    parse_decimal,
    parse_hours,
    parse_instant,
    parse_integer,
    parse_month,
    parse_weekdays,
)


@dataclass(frozen=True)
class Column:
    """One column: name, whether a value must be given, and what a value may be.

    ``check`` takes a non-empty value and the reporting zone; it raises ValueError with the reason. ``canonical`` writes
    a value that passed in the one way in which equal values are equal texts. A file may lack an ``optional`` column,
    which is as if it were empty.
    """

    name: str
    required: bool
    check: Callable[[str, str], object]
    canonical: Callable[[str], str] = str
    optional: bool = False


@dataclass(frozen=True)
class Reference:
    """Values of ``columns`` must be found in one of the ``targets`` (seed, columns).

    Nothing is checked while all targets are empty: a company begins with few files. An empty value refers to nothing.
    ``only_warn`` is for references that may rightly lead nowhere.
    """

    columns: tuple[str, ...]
    targets: tuple[tuple[str, tuple[str, ...]], ...]
    also_allowed: frozenset[str] = frozenset()
    only_warn: bool = False


@dataclass(frozen=True)
class SeedSpec:
    """One reference file.

    ``unique`` names the columns of which no two rows may have equal values, and ``interval_key`` those of which no two
    rows may be valid at the same instant; with ``gapless`` there may be no time between two rows either. ``defaults``
    says what an empty value of a key column means. ``ignore_case`` are key columns compared without regard to case.
    """

    name: str
    columns: tuple[Column, ...]
    unique: tuple[str, ...] = ()
    interval_key: tuple[str, ...] = ()
    gapless: bool = False
    defaults: tuple[tuple[str, str], ...] = ()
    ignore_case: tuple[str, ...] = ()
    references: tuple[Reference, ...] = ()

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    def key(self, values: dict[str, str], columns: tuple[str, ...]) -> tuple[str, ...]:
        """Key values of a row, with what empty values mean filled in."""
        filled = dict(self.defaults)
        found = ((name, values[name] or filled.get(name, "")) for name in columns)
        return tuple(value.lower() if name in self.ignore_case else value for name, value in found)


def text(name: str, *, required: bool = False) -> Column:
    """Any text."""
    return Column(name, required, lambda value, zone: value)


def optional(column: Column) -> Column:
    """The same column, which a file need not have."""
    return replace(column, optional=True)


def hours(name: str) -> Column:
    """A part of each day in UTC, ``16:30-00:30``."""
    return Column(name, False, lambda value, zone: parse_hours(value))


def weekdays(name: str) -> Column:
    """Weekdays, ``1-5`` or ``6``; 1 is Monday."""
    return Column(name, False, lambda value, zone: parse_weekdays(value))


def enum(name: str, *allowed: str, required: bool = False) -> Column:
    """One of a few words, written exactly so."""

    def check(value: str, zone: str) -> str:
        if value not in allowed:
            raise ValueError(f"is {_short(value)}; allowed are {', '.join(allowed)}")
        return value

    return Column(name, required, check)


def regular_expression(name: str, *, required: bool = False) -> Column:
    """A regular expression, which has to match a whole text."""

    def check(value: str, zone: str) -> str:
        try:
            re.compile(value)
        except re.error as error:
            raise ValueError(f"is no regular expression: {error}") from None
        return value

    return Column(name, required, check)


def boolean(name: str, *, required: bool = False) -> Column:
    """``true`` or ``false``, in any case."""

    def check(value: str, zone: str) -> bool:
        if value.lower() not in ("true", "false"):
            raise ValueError(f"is {_short(value)}; allowed are true, false")
        return value.lower() == "true"

    return Column(name, required, check, str.lower)


def instant(name: str, *, required: bool = False) -> Column:
    """A date (midnight in the reporting zone) or a time with offset."""
    return Column(name, required, lambda value, zone: parse_instant(value, zone))


def day(name: str, *, required: bool = False) -> Column:
    """A calendar day."""
    return Column(name, required, lambda value, zone: parse_day(value))


def month(name: str, *, required: bool = False) -> Column:
    """A month, ``2026-07`` or its first day."""
    return Column(name, required, lambda value, zone: parse_month(value), parse_month)


def integer(name: str, low: int, high: int, *, required: bool = False) -> Column:
    """A whole number within bounds, both included."""

    def check(value: str, zone: str) -> int:
        number = parse_integer(value)
        if not low <= number <= high:
            raise ValueError(f"is {number}; must lie between {low} and {high}")
        return number

    return Column(name, required, check, lambda value: str(int(value)))


def decimal(name: str, low: str, high: str, *, places: int, required: bool = False, above_low: bool = False) -> Column:
    """A number with at most ``places`` decimals, within bounds: both included, the lower one not with ``above_low``."""
    bottom, top = Decimal(low), Decimal(high)

    def check(value: str, zone: str) -> Decimal:
        number = parse_decimal(value, places)
        if number < bottom or (above_low and number == bottom):
            raise ValueError(f"is {value}; must be {'more than' if above_low else 'at least'} {low}")
        if number > top:
            raise ValueError(f"is {value}; more than {high} is taken for a mistake")
        return number

    return Column(name, required, check)


def share(name: str, *, places: int = 9, required: bool = False) -> Column:
    """A fraction of one."""

    def check(value: str, zone: str) -> Decimal:
        number = parse_decimal(value, places)
        if not 0 <= number <= 1:
            raise ValueError(f"is {value}; a share lies between 0 and 1")
        return number

    return Column(name, required, check)


def currency(name: str = "currency", *, required: bool = False) -> Column:
    """Three capital letters, as in ISO 4217."""

    def check(value: str, zone: str) -> str:
        if not (len(value) == 3 and value.isascii() and value.isalpha() and value.isupper()):
            raise ValueError(f"is {_short(value)}; a currency is three capital letters, such as USD")
        return value

    return Column(name, required, check)


def _short(value: str) -> str:
    return repr(value if len(value) <= 40 else value[:37] + "...")
