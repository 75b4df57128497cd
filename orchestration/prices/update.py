"""Bring the price book up to what the installed package says, without rewriting the past.

The package mostly says what is true now. So a price that differs from the book, and for which the package names no new
date, is a change that happened at some time since the last update: the book's row is closed at an effective date that a
person gives, and a new row opens there. A start date that the book does not know yet is taken at its word. Rows that
the package has dropped stay: past calls still need them.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import pairwise

from orchestration.prices.rows import ORIGIN, PriceKey, PriceRow, price_text
from orchestration.reference.values import parse_instant

# A price that moves by more than this is more often a slip between units (per thousand, per million) than a price.
LARGE_CHANGE = 10
_FOREVER = datetime.max.replace(tzinfo=UTC)


class EffectiveDateNeeded(ValueError):
    """Prices changed and the package does not say when; ``changes`` lists them."""

    def __init__(self, changes: list[PriceChange]) -> None:
        super().__init__(f"{len(changes)} prices changed without a date in the package; give the date they changed on")
        self.changes = changes


class LargePriceChange(ValueError):
    """Prices moved by more than a factor of ten, or from or to zero; ``changes`` lists them."""

    def __init__(self, changes: list[PriceChange]) -> None:
        first = changes[0]
        super().__init__(
            f"{len(changes)} prices moved more than {LARGE_CHANGE}x, first {' '.join(first.key[:2])} "
            f"{first.key[4]} from {first.old} to {first.new}; allow large changes if they are real"
        )
        self.changes = changes


@dataclass(frozen=True)
class PriceChange:
    """One price that an update sets, from ``valid_from`` on; ``old`` None is a new price, ``new`` None a closed one."""

    key: PriceKey
    old: Decimal | None
    new: Decimal | None
    valid_from: str
    dated: bool
    """True if the package itself names the date."""

    @property
    def is_large(self) -> bool:
        if self.old is None or self.new is None or self.old == self.new:
            return False
        low, high = sorted((self.old, self.new))
        return low == 0 or high > low * LARGE_CHANGE


@dataclass
class UpdatePlan:
    """The price book as it would be, and how it differs."""

    rows: list[PriceRow]
    changes: list[PriceChange] = field(default_factory=list)
    added_models: list[tuple[str, str, str]] = field(default_factory=list)
    """Provider, model and service tier that the book had no price of; their rows are not among ``changes``."""
    kept: list[PriceKey] = field(default_factory=list)
    """Prices of the book that the package no longer has, or that a person corrected."""

    @property
    def up_to_date(self) -> bool:
        return not self.changes and not self.added_models


def plan_update(
    book: list[PriceRow],
    package: list[PriceRow],
    *,
    today: date,
    effective_date: date | None = None,
    allow_large_changes: bool = False,
    zone: str = "UTC",
) -> UpdatePlan:
    """What the price book becomes.

    Args:
        book: rows of the committed seed.
        package: rows that the package gives now.
        today: used to tell an undated change from history when no effective date is given.
        effective_date: the day on which undated changes took effect (midnight in ``zone``).
        allow_large_changes: accept changes of more than 10x.
        zone: reporting time zone.

    Raises:
        EffectiveDateNeeded: something changed without a date and ``effective_date`` is None.
        LargePriceChange: a change is larger than 10x and not allowed.
        ValueError: the effective date lies before a change that the book has already.
    """
    old, new = _by_key(book), _by_key(package)
    known = {key[:4] for key in old}
    corrected = {row.key for row in book if row.known_from}
    effective = parse_instant((effective_date or today).isoformat(), zone)
    plan = UpdatePlan(rows=[])
    for key in sorted(old.keys() | new.keys()):
        if key not in new or key in corrected:
            # What a person corrected stays until a person changes it.
            plan.rows += old[key]
            plan.kept.append(key)
        elif key[:4] not in known:
            plan.rows += new[key]
        else:
            rows, changes = _Timeline(key, old.get(key, []), new[key], effective, zone).merge()
            plan.rows += rows
            plan.changes += changes
    plan.added_models = sorted({(key[0], key[1], key[3]) for key in new if key[:4] not in known})
    undated = [change for change in plan.changes if not change.dated]
    if undated and effective_date is None:
        raise EffectiveDateNeeded(undated)
    large = [change for change in plan.changes if change.is_large]
    if large and not allow_large_changes:
        raise LargePriceChange(large)
    return plan


def _by_key(rows: list[PriceRow]) -> dict[PriceKey, list[PriceRow]]:
    found: dict[PriceKey, list[PriceRow]] = defaultdict(list)
    for row in rows:
        found[row.key].append(row)
    return found


@dataclass
class _Piece:
    start: datetime
    end: datetime
    row: PriceRow


class _Timeline:
    """One price key over all time: what the book says, what the package says, and from when on which one counts."""

    def __init__(
        self, key: PriceKey, book: list[PriceRow], package: list[PriceRow], effective: datetime, zone: str
    ) -> None:
        self.key, self.effective, self.zone = key, effective, zone
        self.book, self.package = self._pieces(book), self._pieces(package)
        self.origin = parse_instant(ORIGIN, zone)
        self.texts = {effective: self._date_text(effective)}
        for row in [*package, *book]:
            for text in filter(None, (row.valid_from, row.valid_to)):
                self.texts[parse_instant(text, zone)] = text

    def _date_text(self, instant: datetime) -> str:
        text = datetime.date(instant).isoformat()
        return text if parse_instant(text, self.zone) == instant else instant.isoformat()

    def _pieces(self, rows: list[PriceRow]) -> list[_Piece]:
        return sorted(
            (
                _Piece(
                    parse_instant(row.valid_from, self.zone),
                    parse_instant(row.valid_to, self.zone) if row.valid_to else _FOREVER,
                    row,
                )
                for row in rows
            ),
            key=lambda piece: piece.start,
        )

    def merge(self) -> tuple[list[PriceRow], list[PriceChange]]:
        """Rows of the key after the update, and the changes in order of time."""
        cuts = sorted({*self.texts, _FOREVER})
        rows: list[PriceRow] = []
        changes: list[PriceChange] = []
        for start, end in pairwise(cuts):
            before = _at(self.book, start)
            row, dated = self._choose(start, before)
            old, new = (r.price_per_million if r else None for r in (before, row))
            if old != new:
                last = changes[-1] if changes else None
                if last is None or (last.old, last.new, last.dated) != (old, new, dated):
                    changes.append(PriceChange(self.key, old, new, self.texts[start], dated))
            if row is None:
                continue
            bounds = {"valid_from": self.texts[start], "valid_to": self.texts.get(end, "")}
            if rows and rows[-1].valid_to == bounds["valid_from"] and rows[-1].price_per_million == new:
                rows[-1] = replace(rows[-1], valid_to=bounds["valid_to"])
            else:
                rows.append(replace(row, **bounds))
        return rows, changes

    def _choose(self, start: datetime, before: PriceRow | None) -> tuple[PriceRow | None, bool]:
        """The row that holds from ``start`` on, and whether the package dates it."""
        says, since, until = self._package_at(start)
        if since is not None and since != self.origin and not self._is_known(since):
            return says, True
        if says is None:
            return before, False
        last = _at(self.book, until, just_before=True)
        if last is not None and last.price_per_million == says.price_per_million:
            return before, False
        if start < self.effective:
            return before, False
        later = [piece.start for piece in self.book if self.effective < piece.start < until and piece.start > since]
        if later:
            raise ValueError(
                f"{' '.join(self.key[:2])}: the book has a change of {later[-1].date()}, after the effective date"
            )
        return says, False

    def _package_at(self, instant: datetime) -> tuple[PriceRow | None, datetime, datetime]:
        """What the package says at an instant, and the bounds of the interval in which it says so."""
        since = self.origin
        for piece in self.package:
            if instant < piece.start:
                return None, since, piece.start
            if instant < piece.end:
                return piece.row, piece.start, piece.end
            since = piece.end
        return None, since, _FOREVER

    def _is_known(self, instant: datetime) -> bool:
        return any(instant in (piece.start, piece.end) for piece in self.book)


def _at(pieces: list[_Piece], instant: datetime, *, just_before: bool = False) -> PriceRow | None:
    for piece in pieces:
        if piece.start < instant <= piece.end if just_before else piece.start <= instant < piece.end:
            return piece.row
    return None


def describe(change: PriceChange) -> tuple[str, ...]:
    """A change as texts: what, provider, model, tier, kind, above, old, new, from."""
    what = "added" if change.old is None else "closed" if change.new is None else "changed"
    provider, model, _region, tier, kind, above, hours, weekdays = change.key
    kind = " ".join(filter(None, (kind, hours, weekdays)))
    old, new = ("" if price is None else price_text(price) for price in (change.old, change.new))
    return (what, provider, model, tier, kind, str(above), old, new, change.valid_from)
