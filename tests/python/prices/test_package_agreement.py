"""Catches a price book that says something else than the package it is made from."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from orchestration.prices.book import BookModel, book_models, package_prices

from .package_usage import CONTEXTS, as_package_usage
from .pricer import Book

# The days lie around every kind of change in the package.
INSTANTS = [datetime(*day, 20, tzinfo=UTC) for day in ((2025, 1, 15), (2026, 8, 1), (2026, 11, 20), (2027, 3, 1))]

SMALL = {"input": 1_234, "output": 567}
CACHED = {"input": 1_000, "cache_read": 40_000, "cache_write": 5_000, "cache_write_1h": 2_000, "output": 800}
# Exactly at, and one token beyond, the thresholds that vendors have.
AT_LIMIT = {"input": 150_000, "cache_read": 50_000, "output": 100}
ABOVE_LIMIT = {"input": 150_001, "cache_read": 50_000, "output": 100}
BELOW_INCLUSIVE_LIMIT = {"input": 149_999, "cache_read": 50_000, "output": 100}
LONG = {"input": 300_000, "cache_read": 10_000, "cache_write": 1_000, "output": 9_999}
AUDIO = {"input": 100, "audio_input": 2_000, "output": 10, "audio_output": 500, "image_input": 700}
NOTHING = {"input": 0, "output": 0}
USAGES = [SMALL, CACHED, AT_LIMIT, ABOVE_LIMIT, BELOW_INCLUSIVE_LIMIT, LONG, AUDIO, NOTHING]
USAGE_NAMES = ["small", "cached", "at_limit", "above", "below_inclusive", "long", "audio", "nothing"]


@pytest.fixture(scope="module")
def book() -> Book:
    return Book(package_prices().rows)


def package_price(book_model: BookModel, tokens: dict[str, int], at: datetime, tier: str) -> Decimal:
    price = book_model.model.calc_price(
        as_package_usage(tokens), book_model.provider, genai_request_timestamp=at, price_context=CONTEXTS[tier]
    )
    return price.total_price


@pytest.mark.parametrize("tokens", USAGES, ids=USAGE_NAMES)
def test_every_model_costs_what_the_package_says(book: Book, tokens: dict[str, int]) -> None:
    """Catches a lost tier, a wrong start of a price, a cached token billed twice, a batch price with kinds missing."""
    compared, wrong = 0, []
    for book_model in book_models():
        for tier in CONTEXTS:
            if (book_model.provider.id, book_model.model.id, tier) not in book.rows:
                continue
            for at in INSTANTS:
                ours = book.price(book_model.provider.id, book_model.model.id, tokens, at, tier)
                if ours is None:
                    # Only a service tier may be without a price: before the package's date for it.
                    assert tier != "standard"
                    continue
                compared += 1
                theirs = package_price(book_model, tokens, at, tier)
                if abs(ours - theirs) > Decimal("1e-15"):
                    wrong.append((book_model.provider.id, book_model.model.id, tier, at, ours, theirs))
    assert not wrong, wrong[:10]
    assert compared > 3_000


def test_prices_by_time_of_day_hold_within_their_hours(book: Book) -> None:
    """Catches an off-peak price at peak time, or one minute too early or too late."""
    windowed = {(row.provider, row.model) for row in package_prices().rows if row.hours_utc}
    assert ("deepseek", "deepseek-chat") in windowed
    for book_model in book_models():
        if (book_model.provider.id, book_model.model.id) not in windowed:
            continue
        for minute in range(0, 24 * 60, 15):
            at = datetime(2026, 11, 20, minute // 60, minute % 60, 59, tzinfo=UTC)
            ours = book.price(book_model.provider.id, book_model.model.id, SMALL, at)
            assert ours == package_price(book_model, SMALL, at, "standard"), (book_model.model.id, at)


def test_inclusive_thresholds_are_written_one_lower(book: Book) -> None:
    """Catches xAI's "200,000 or more" being read as "more than 200,000"."""
    rows = [row for row in package_prices().rows if row.provider == "x-ai" and row.above_tokens]
    assert rows
    assert {row.above_tokens for row in rows} == {199_999}
    at = INSTANTS[1]
    assert book.price("x-ai", "grok-4.5", {"input": 200_000}, at) == 2 * book.price(
        "x-ai", "grok-4.5", {"input": 199_999}, at
    ) * 200_000 / Decimal(199_999)
