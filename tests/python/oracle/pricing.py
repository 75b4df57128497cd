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
# Where a kind of text without a price of its own looks next.
FALLBACK = {"cache_read": "input", "cache_write": "input", "cache_write_1h": "cache_write"}
TEXT_KINDS = ("input", *FALLBACK, "output", "reasoning")
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
        book = _Book(self._reference, attempt)
        if attempt.cache_hit:
            # A gateway takes its fee also for what its cache answered.
            fees = self._unit_cost(attempt, book)
            return fees, "unpriced" if fees is None else "price_book" if fees else "free"
        text, units = self._text_cost(attempt, book), self._unit_cost(attempt, book)
        if text is not None and units is not None and not self._is_unknown(attempt, book):
            is_free = (book.is_free() or book.multiplier == 0) and units == 0
            return text + units, "free" if is_free else "price_book"
        # A zero that was logged for a call that was served is no price.
        if attempt.logged_cost is not None and (attempt.logged_cost or attempt.status != "success"):
            rate = self._reference.fx(attempt.logged_currency, attempt.day)
            if rate is not None:
                return rounded(Fraction(attempt.logged_cost) * rate), "logged"
        return None, "unpriced"

    def _is_unknown(self, attempt: Attempt, book: _Book) -> bool:
        """Whether what is billed is not in what was reported: pictures among an output that nobody took apart, or
        nothing at all of a call that was served or that somebody was charged for."""
        text_out = (attempt.output_tokens or 0) - (attempt.reasoning_tokens or 0)
        if text_out > 0 and book.has_output_parts() and not attempt.states_output_parts:
            return True
        request = book.own_price("request")
        used = any(attempt.units.values()) or attempt.context_tokens or attempt.output_tokens
        was_billed = attempt.status == "success" or (attempt.logged_cost or 0) > 0
        return not used and (request is None or request.amount == 0) and not book.is_free() and was_billed

    def _text_cost(self, attempt: Attempt, book: _Book) -> Decimal | None:
        """Cost of tokens of text and of the request; ``None`` where a needed price or rate is missing."""
        if attempt.input_tokens is None and attempt.output_tokens is None and attempt.status == "success":
            return None  # Usage was not reported, so the cost is not known.
        if not book.knows_model():
            return None
        total = Fraction(0)
        for kind, tokens in book.text_to_pay().items():
            if tokens == 0:
                continue
            amount = self._amount(attempt, tokens, book.effective(kind))
            if amount is None:
                return None
            total += amount
        return rounded(total * book.multiplier)

    def _unit_cost(self, attempt: Attempt, book: _Book) -> Decimal | None:
        """Cost of everything beside text, each meter rounded; ``None`` where one has no price."""
        total = Decimal("0.000000000000")
        for meter, quantity in attempt.units.items():
            if quantity == 0 or (attempt.cache_hit and meter != "fee"):
                continue
            if meter == "fee":
                # The native format states fees in the reporting currency.
                currency = None if attempt.family == "inference" else attempt.logged_currency
                rate = self._reference.fx(currency, attempt.day)
                amount = None if rate is None else Fraction(quantity) * rate
            else:
                amount = self._amount(attempt, quantity, book.effective(meter))
                if amount is not None and meter in book.token_meters:
                    amount *= book.multiplier
            if amount is None:
                return None
            total += rounded(amount)
        return total

    def _amount(self, attempt: Attempt, units: int | Decimal, price: Price | None) -> Fraction | None:
        rate = None if price is None else self._reference.fx(price.currency, attempt.day)
        return None if price is None or rate is None else Fraction(units) * price.amount / MILLION * rate


class _Book:
    """The prices that apply to one attempt."""

    def __init__(self, reference: Reference, attempt: Attempt) -> None:
        self._reference = reference
        self._attempt = attempt
        self._when: datetime = attempt.started_at
        self.multiplier, self._tier = self._modified()
        self._overrides = [dated.row for dated in reference.overrides if self._matches(dated)]
        has_tier = self._in_force(self._tier)
        self._book_tier = self._tier if has_tier else "standard"
        self._tier_is_booked = has_tier
        self.token_meters = reference.token_meters
        self._total_input = attempt.context_tokens + sum(
            int(quantity)
            for meter, quantity in attempt.units.items()
            if reference.part_of[meter] in ("input", "cache_read")
        )

    def _modified(self) -> tuple[Fraction, str]:
        """The factor on tokens, and the tier of the book, that the attributes of the call ask for."""
        attempt, factor, tier = self._attempt, Fraction(1), self._attempt.service_tier
        for name, value in attempt.modifiers.items():
            row = self._reference.modifier(attempt.provider, attempt.model, name, value, self._when)
            if row is not None:
                factor *= Fraction(row["multiplier"] or 1)
                tier = row["price_list"] or tier
        return factor, tier

    def _in_force(self, tier: str) -> bool:
        attempt = self._attempt
        kinds = (*TEXT_KINDS, "request", *self._reference.part_of)
        keys = [(attempt.provider, attempt.model, tier, kind) for kind in kinds]
        return any(dated.holds_at(self._when) for key in keys for dated in self._reference.prices.get(key, []))

    def _matches(self, dated: Dated) -> bool:
        row, attempt = dated.row, self._attempt
        wanted = {"provider": attempt.provider, "model": attempt.model, "service_tier": self._tier}
        named = all(row[name] in ("", value) for name, value in wanted.items())
        return named and not row["region"] and dated.holds_at(self._when)

    def knows_model(self) -> bool:
        return self._tier_is_booked or bool(self._overrides)

    def is_free(self) -> bool:
        """Whether text has a price, and all its prices are 0."""
        prices = [self.effective(kind) for kind in TEXT_KINDS] + [self.own_price("request")]
        amounts = [price.amount for price in prices if price is not None]
        return bool(amounts) and not any(amounts)

    def has_output_parts(self) -> bool:
        """Whether what an output is made of decides what it costs."""
        output = self.own_price("output")
        parts = [self.own_price(meter) for meter, whole in self._reference.part_of.items() if whole == "output"]
        return output is not None and any(part is not None and part.amount != output.amount for part in parts)

    def text_to_pay(self) -> dict[str, int]:
        """Tokens of text of each kind, and the request; reasoning is apart from output only with a price of its own."""
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
            "output": output,
            "reasoning": reasoning,
            "request": int(attempt.reached_model and self.own_price("request") is not None),
        }

    def effective(self, kind: str) -> Price | None:
        """The price of a kind: its own, else that of the kind it falls back to."""
        return next((price for name in self._fallbacks(kind) if (price := self.own_price(name)) is not None), None)

    def _fallbacks(self, kind: str) -> list[str]:
        """A kind, and where it looks for a price: a meter at the text that it is a part of."""
        names = [kind]
        while following := FALLBACK.get(names[-1]) or self._reference.part_of.get(names[-1]):
            names.append(following)
        if kind.endswith("_cache_read"):
            # Before text: what was read from a cache costs what the same costs anew.
            names.insert(2, kind.replace("_cache_read", "_input"))
        return names

    def own_price(self, kind: str) -> Price | None:
        """The price stated for exactly this kind: negotiated, else from the book."""
        book = self._of_total_input(self._booked(kind))
        override = self._override(kind)
        if override is None:
            return book if self._tier_is_booked else None
        if override["price_per_million"]:
            # A price for any kind is meant for tokens of text, not for whole requests or for reasoning inside output.
            if not override["token_kind"] and (kind in ("request", "reasoning") or kind in self._reference.part_of):
                return book if self._tier_is_booked else None
            return Price(Fraction(override["price_per_million"]), override["currency"])
        if book is None:
            return None
        if not override["token_kind"] and kind in self._reference.part_of and kind not in self.token_meters:
            return book  # What is no token keeps its list price.
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
