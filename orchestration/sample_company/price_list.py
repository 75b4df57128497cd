"""Exact prices for the generator's own answer key, read from the seeds; shares no code with the warehouse."""

from __future__ import annotations

import csv
from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from pathlib import Path

from orchestration.sample_company.records import Attempt, ms_of

CENT_FRACTION = Decimal("0.000000000001")
_MILLION = Decimal(1_000_000)
_KINDS = (
    ("input", "input_tokens"),
    ("cache_read", "cache_read_tokens"),
    ("cache_write", "cache_write_tokens"),
    ("cache_write_1h", "cache_write_1h_tokens"),
    ("output", "output_tokens"),
)
# A kind without a price of its own is billed as what it is a part of.
_INSTEAD = {"cache_read": "input", "cache_write": "input", "cache_write_1h": "cache_write"}
_FOREVER = 1 << 60


def rounded(amount: Decimal) -> Decimal:
    """Twelve decimals, half away from zero."""
    return amount.quantize(CENT_FRACTION, rounding=ROUND_HALF_UP)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _span(row: dict[str, str]) -> tuple[int, int]:
    return (
        ms_of(row["valid_from"].replace("Z", "+00:00")) if row["valid_from"] else -_FOREVER,
        ms_of(row["valid_to"].replace("Z", "+00:00")) if row["valid_to"] else _FOREVER,
    )


class PriceList:
    """Prices per million tokens in US dollars, by the instant of the call.

    Base prices only: the company never crosses a long-context threshold, overrides are in dollars, and no model that it
    uses has a price by time of day.
    """

    def __init__(self, seeds: Path) -> None:
        self._book: dict[tuple[str, str, str, str], list[tuple[int, int, Decimal]]] = defaultdict(list)
        for row in _rows(seeds / "model_prices.csv"):
            if row["above_tokens"] in ("", "0") and not row["region"] and not row["hours_utc"]:
                key = (row["provider"], row["model"], row["service_tier"] or "standard", row["token_kind"])
                self._book[key].append((*_span(row), Decimal(row["price_per_million"])))
        self._overrides = [(row, *_span(row)) for row in _rows(seeds / "price_overrides.csv")]
        self.tiers = {(row["provider"], row["model"]): row["tier"] for row in _rows(seeds / "models.csv")}
        self.references = {
            row["tier"]: (row["provider"], row["model"])
            for row in _rows(seeds / "models.csv")
            if row["is_reference"] == "true"
        }
        self._cached = lru_cache(maxsize=None)(self._price)
        bounds = {edge for spans in self._book.values() for start, end, _ in spans for edge in (start, end)}
        bounds |= {edge for _, start, end in self._overrides for edge in (start, end)}
        self._bounds = sorted(bounds)

    def price(self, provider: str, model: str, service_tier: str, kind: str, at_ms: int) -> Decimal | None:
        """Price per million of a token kind at an instant; None where the book has none."""
        # Prices only change at a bound, so the last bound stands for the instant.
        low, high = 0, len(self._bounds)
        while low < high:
            middle = (low + high) // 2
            if self._bounds[middle] <= at_ms:
                low = middle + 1
            else:
                high = middle
        return self._cached(provider, model, service_tier, kind, self._bounds[low - 1])

    def _book_price(self, provider: str, model: str, tier: str, kind: str, at_ms: int) -> Decimal | None:
        for start, end, price in self._book.get((provider, model, tier, kind), ()):
            if start <= at_ms < end:
                return price
        return None

    def _price(self, provider: str, model: str, tier: str, kind: str, at_ms: int) -> Decimal | None:
        wanted = {"provider": provider, "model": model, "region": "", "service_tier": tier, "token_kind": kind}
        for row, start, end in self._overrides:
            if start <= at_ms < end and all(row[name] in ("", value) for name, value in wanted.items()):
                if row["price_per_million"]:
                    return Decimal(row["price_per_million"])
                book = self._book_price(provider, model, tier, kind, at_ms)
                if book is None:
                    book = self._book_price(provider, model, "standard", kind, at_ms)
                return None if book is None else book * (1 - Decimal(row["discount_share"]))
        return self._book_price(provider, model, tier, kind, at_ms)

    def _price_or_instead(self, provider: str, model: str, tier: str, kind: str, at_ms: int) -> Decimal | None:
        found = self.price(provider, model, tier, kind, at_ms)
        if found is None and kind in _INSTEAD:
            return self._price_or_instead(provider, model, tier, _INSTEAD[kind], at_ms)
        return found

    def cost(self, attempt: Attempt, model: tuple[str, str] | None = None) -> Decimal | None:
        """Exact cost of an attempt in dollars, optionally as if another model of the standard tier had served it.

        A cache hit is free; an attempt whose model has no price is None.
        """
        if attempt.cache_hit:
            return Decimal(0)
        provider, name = model or (attempt.provider, attempt.model)
        tier = attempt.service_tier if model is None else "standard"
        total, used = Decimal(0), False
        for kind, bucket in _KINDS:
            tokens = getattr(attempt, bucket)
            if tokens:
                price = self._price_or_instead(provider, name, tier, kind, attempt.started_ms)
                if price is None:
                    return None
                total, used = total + tokens * price, True
        if not used and self.price(provider, name, tier, "input", attempt.started_ms) is None:
            return None
        return rounded(total / _MILLION)
