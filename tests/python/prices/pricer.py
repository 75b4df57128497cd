"""A price of a call from rows of the price book, in plain Decimal arithmetic: what the rows are meant to say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal

from orchestration.prices.rows import PriceRow
from orchestration.reference.meters import METERS
from orchestration.reference.values import MINUTES_OF_A_DAY, parse_instant, window_minutes

MILLION = Decimal(1_000_000)
# A kind without a price of its own costs what it is a part of.
PARENTS = {
    "cache_read": "input",
    "cache_write": "input",
    "cache_write_1h": "cache_write",
    "reasoning": "output",
    **{meter: whole for whole in ("input", "cache_read", "output") for meter in METERS if meter.endswith(f"_{whole}")},
}
INPUT_KINDS = tuple(kind for kind in (*PARENTS, "input") if kind not in ("reasoning",) and not kind.endswith("_output"))


class Book:
    """Rows by provider, model and service tier, with their instants parsed once."""

    def __init__(self, rows: Iterable[PriceRow]) -> None:
        self.rows: dict[tuple[str, str, str], list[tuple[datetime, datetime | None, PriceRow]]] = defaultdict(list)
        for row in rows:
            start = parse_instant(row.valid_from, "UTC")
            end = parse_instant(row.valid_to, "UTC") if row.valid_to else None
            self.rows[row.provider, row.model, row.service_tier].append((start, end, row))

    def price(
        self, provider: str, model: str, tokens: Mapping[str, int], at: datetime, tier: str = "standard"
    ) -> Decimal | None:
        """What a call with exclusive token buckets costs in the book's currency; None if the tier has no price then."""
        total_input = sum(tokens.get(kind, 0) for kind in INPUT_KINDS)
        best: dict[str, PriceRow] = {}
        active = [
            row
            for start, end, row in self.rows[provider, model, tier]
            if start <= at and (end is None or at < end) and _in_window(row, at)
        ]
        windowed = {row.token_kind for row in active if row.hours_utc or row.weekdays}
        for row in active:
            if row.token_kind in windowed and not (row.hours_utc or row.weekdays):
                continue
            reached = row.above_tokens == 0 or total_input > row.above_tokens
            if reached and (row.token_kind not in best or row.above_tokens > best[row.token_kind].above_tokens):
                best[row.token_kind] = row
        if not active:
            return None
        cost = best["request"].price_per_million / MILLION if "request" in best else Decimal(0)
        for kind, count in tokens.items():
            # What was read from a cache without a price for that costs what the same costs anew.
            anew = [kind.replace("_cache_read", "_input")] if kind.endswith("_cache_read") else []
            priced = next((name for name in (kind, PARENTS.get(kind), *anew, *_wholes(kind)) if name in best), None)
            if priced is not None:
                cost += best[priced].price_per_million * count / MILLION
        return cost


def _wholes(kind: str) -> list[str]:
    found = []
    while (kind := PARENTS.get(kind, "")) != "":
        found.append(kind)
    return found


def _in_window(row: PriceRow, at: datetime) -> bool:
    minute = (at.isoweekday() - 1) * MINUTES_OF_A_DAY + at.hour * 60 + at.minute
    return any(start <= minute < end for start, end in window_minutes(row.hours_utc, row.weekdays))
