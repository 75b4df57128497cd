"""What an attempt cost, from the prices in force when it started."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

from .money import rounded
from .records import Attempt
from .reference import Dated, Reference, SeedRow

MILLION = 1_000_000
# Where a kind without a price of its own looks next.
FALLBACK = {
    "cache_read": "input",
    "cache_write": "input",
    "cache_write_1h": "cache_write",
    "audio_input": "input",
    "image_input": "input",
    "audio_output": "output",
}
# The more of these an override names, and the earlier, the closer it fits.
OVERRIDE_FIELDS = ("model", "provider", "service_tier", "token_kind")


@dataclass(frozen=True, slots=True)
class Price:
    """Per million units, in its own currency."""

    amount: Fraction
    currency: str


class Pricer:
    """Prices attempts from one company's price book and overrides."""

    def __init__(self, reference: Reference) -> None:
        self._reference = reference

    def price(self, attempt: Attempt) -> None:
        """Set ``cost`` and ``cost_source`` of an attempt whose provider and model have their final names."""
        attempt.cost, attempt.cost_source = self._cost(attempt)

    def _cost(self, attempt: Attempt) -> tuple[Decimal | None, str]:
        if attempt.cache_hit:
            return Decimal("0.000000000000"), "free"
        amounts = self._amounts(attempt)
        if amounts is not None:
            explicit_zero = bool(amounts) and all(price.amount == 0 for _, price in amounts)
            total = self._total(attempt, amounts)
            if total is not None:
                return rounded(total), "free" if explicit_zero else "price_book"
        if attempt.logged_cost is not None:
            rate = self._reference.fx(attempt.logged_currency, attempt.day)
            if rate is not None:
                return rounded(Fraction(attempt.logged_cost) * rate), "logged"
        return None, "unpriced"

    def _total(self, attempt: Attempt, amounts: list[tuple[int, Price]]) -> Fraction | None:
        total = Fraction(0)
        for units, price in amounts:
            rate = self._reference.fx(price.currency, attempt.day)
            if rate is None:
                return None
            total += units * price.amount / MILLION * rate
        return total

    def _amounts(self, attempt: Attempt) -> list[tuple[int, Price]] | None:
        """Units and price of everything to be paid; ``None`` where a needed price is missing."""
        if attempt.input_tokens is None and attempt.output_tokens is None and attempt.status == "success":
            return None  # Usage was not reported, so the cost is not known.
        book = _Book(self._reference, attempt)
        if not book.knows_model():
            return None
        amounts: list[tuple[int, Price]] = []
        for kind, units in book.units_to_pay().items():
            if units == 0:
                continue
            price = book.effective(kind)
            if price is None:
                return None
            amounts.append((units, price))
        request = book.own_price("request")
        if request is not None:
            amounts.append((1, request))
        if not amounts:
            # Nothing was used: what the price would have been still tells a free model from a paid one.
            amounts = [(0, price) for kind in ("input", "output") if (price := book.effective(kind))]
        return amounts


class _Book:
    """The prices that apply to one attempt."""

    def __init__(self, reference: Reference, attempt: Attempt) -> None:
        self._reference = reference
        self._attempt = attempt
        self._when: datetime = attempt.started_at
        self._overrides = [dated.row for dated in reference.overrides if self._matches(dated)]
        has_tier = self._in_force(attempt.service_tier)
        self._book_tier = attempt.service_tier if has_tier else "standard"
        self._tier_is_booked = has_tier
        self._total_input = sum(
            units or 0
            for units in (
                *(attempt.input_tokens, attempt.cache_read_tokens, attempt.cache_write_tokens),
                *(attempt.cache_write_1h_tokens, attempt.audio_input_tokens, attempt.image_input_tokens),
            )
        )

    def _in_force(self, tier: str) -> bool:
        attempt = self._attempt
        kinds = ("input", "output", *FALLBACK, "reasoning", "request")
        keys = [(attempt.provider, attempt.model, tier, kind) for kind in kinds]
        return any(dated.holds_at(self._when) for key in keys for dated in self._reference.prices.get(key, []))

    def _matches(self, dated: Dated) -> bool:
        row, attempt = dated.row, self._attempt
        wanted = {"provider": attempt.provider, "model": attempt.model, "service_tier": attempt.service_tier}
        named = all(row[name] in ("", value) for name, value in wanted.items())
        return named and not row["region"] and dated.holds_at(self._when)

    def knows_model(self) -> bool:
        return self._tier_is_booked or bool(self._overrides)

    def units_to_pay(self) -> dict[str, int]:
        """Units of each kind; reasoning stands apart from output only where it has its own price."""
        attempt = self._attempt
        output, reasoning = attempt.output_tokens or 0, attempt.reasoning_tokens or 0
        if reasoning and self.own_price("reasoning") is not None:
            output -= reasoning
        else:
            reasoning = 0
        return {
            "input": attempt.input_tokens or 0,
            "cache_read": attempt.cache_read_tokens or 0,
            "cache_write": attempt.cache_write_tokens or 0,
            "cache_write_1h": attempt.cache_write_1h_tokens or 0,
            "audio_input": attempt.audio_input_tokens or 0,
            "image_input": attempt.image_input_tokens or 0,
            "output": output,
            "reasoning": reasoning,
            "audio_output": attempt.audio_output_tokens or 0,
        }

    def effective(self, kind: str | None) -> Price | None:
        """The price of a kind: its own, else that of the kind it falls back to."""
        while kind is not None:
            price = self.own_price(kind)
            if price is not None:
                return price
            kind = FALLBACK.get(kind)
        return None

    def own_price(self, kind: str) -> Price | None:
        """The price stated for exactly this kind: negotiated, else from the book."""
        book = self._of_total_input(self._booked(kind))
        override = self._override(kind)
        if override is None:
            return book if self._tier_is_booked else None
        if override["price_per_million"]:
            # A price for any kind is meant for tokens, not for whole requests or for reasoning inside output.
            if not override["token_kind"] and kind in ("request", "reasoning"):
                return book if self._tier_is_booked else None
            return Price(Fraction(override["price_per_million"]), override["currency"])
        if book is None:
            return None
        return Price(book.amount * (1 - Fraction(override["discount_share"])), book.currency)

    def _booked(self, kind: str) -> list[SeedRow]:
        key = (self._attempt.provider, self._attempt.model, self._book_tier, kind)
        rows = [dated.row for dated in self._reference.prices.get(key, []) if dated.holds_at(self._when)]
        always = [row for row in rows if not row.get("hours_utc") and not row.get("weekdays")]
        now = [row for row in rows if row not in always and _is_now(row, self._when)]
        return now or always

    def _of_total_input(self, rows: list[SeedRow]) -> Price | None:
        """Of rows for growing input the one of the highest threshold that the whole input exceeds."""
        row = max((row for row in rows if self._reached(row)), key=_threshold, default=None)
        return None if row is None else Price(Fraction(row["price_per_million"]), row["currency"])

    def _reached(self, row: SeedRow) -> bool:
        return _threshold(row) == 0 or self._total_input > _threshold(row)

    def _override(self, kind: str) -> SeedRow | None:
        fitting = [row for row in self._overrides if row["token_kind"] in ("", kind) and self._reached(row)]
        return max(fitting, key=_closeness, default=None)


def _threshold(row: SeedRow) -> int:
    return int(row["above_tokens"] or 0)


def _closeness(row: SeedRow) -> tuple[tuple[bool, ...], int]:
    return tuple(bool(row[name]) for name in OVERRIDE_FIELDS), _threshold(row)


def _is_now(row: SeedRow, when: datetime) -> bool:
    """Whether a time of day and weekday (UTC) lie in a row's part of the week. A night is of the day it begins on."""
    utc = when.astimezone(UTC)
    first, _, last = (row.get("weekdays") or "1-7").partition("-")
    days = range(int(first), int(last or first) + 1)
    start, _, end = (row.get("hours_utc") or "00:00-24:00").partition("-")
    clock = f"{utc:%H:%M}"
    if start < end:
        return start <= clock < end and utc.isoweekday() in days
    yesterday = (utc.isoweekday() + 5) % 7 + 1
    return (clock >= start and utc.isoweekday() in days) or (clock < end and yesterday in days)
