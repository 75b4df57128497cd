"""Rows of the price book from the installed ``genai-prices`` package. Nothing is fetched."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from importlib.metadata import version

from genai_prices.data import providers as _package_providers
from genai_prices.types import (
    ConditionalPrice,
    ModelInfo,
    ModelPrice,
    PriceVariant,
    Provider,
    StartDateConstraint,
    TieredPrices,
    TimeOfDateConstraint,
)

from orchestration.prices.guardrails import guardrail_prices
from orchestration.prices.rows import CURRENCY, ORIGIN, PRICE_QUANTUM, PriceRow

PACKAGE = "genai-prices"

# Whose prices go into the seed. Add an id of the package here and run `finops prices update`; every provider costs
# rows, and a seed loads slowly beyond some thousands. openrouter alone has some 3,000 rows and resells the others.
PROVIDERS = (
    "anthropic",
    "aws",
    "azure",
    "cerebras",
    "cohere",
    "databricks",
    "deepseek",
    "fireworks",
    "google",
    "groq",
    "meta",
    "mistral",
    "moonshotai",
    "openai",
    "perplexity",
    "together",
    "voyageai",
    "x-ai",
)

# Price keys of the package and the kinds they are here, with the factor to a price per million units.
TOKEN_KINDS: dict[str, tuple[str, int]] = {
    "input_mtok": ("input", 1),
    "cache_read_mtok": ("cache_read", 1),
    "cache_write_mtok": ("cache_write", 1),
    "cache_write_1h_mtok": ("cache_write_1h", 1),
    "output_mtok": ("output", 1),
    "output_reasoning_mtok": ("reasoning", 1),
    "input_audio_mtok": ("audio_input", 1),
    "output_audio_mtok": ("audio_output", 1),
    "input_image_mtok": ("image_input", 1),
    "requests_kcount": ("request", 1000),
    "web_searches_kcount": ("web_search", 1000),
    "storage_searches_kcount": ("file_search", 1000),
}

# Request contexts of the package that are service tiers of a log; others are reported as not represented.
SERVICE_TIERS: dict[tuple[str, str], str] = {
    ("processing", "batch"): "batch",
    ("service_tier", "flex"): "flex",
    ("service_tier", "priority"): "priority",
}


@dataclass
class PackagePrices:
    """What the package says, as rows, and what of it the rows cannot say."""

    rows: list[PriceRow] = field(default_factory=list)
    skipped_kinds: Counter[str] = field(default_factory=Counter)
    """Price keys without a token kind here, by number of prices left out."""
    not_represented: list[str] = field(default_factory=list)
    """Prices by request context, one line each."""


@dataclass(frozen=True)
class BookModel:
    """A model that a provider sells, and the provider whose price list has it."""

    provider: Provider
    model: ModelInfo
    priced_by: Provider


def package_source() -> str:
    """What stands in the ``source`` column: the package and its version."""
    return f"{PACKAGE} {version(PACKAGE)}"


def package_providers() -> list[Provider]:
    """All providers of the package, in its order."""
    return list(_package_providers)


def book_models(provider_ids: tuple[str, ...] = PROVIDERS) -> list[BookModel]:
    """Every model of the chosen providers, with those that a provider resells at the maker's price.

    Raises:
        ValueError: the package has no such provider.
    """
    by_id = {provider.id: provider for provider in _package_providers}
    if unknown := sorted(set(provider_ids) - set(by_id)):
        raise ValueError(f"{PACKAGE} has no provider {', '.join(unknown)}")
    found = []
    for provider_id in sorted(provider_ids):
        provider = by_id[provider_id]
        found += [BookModel(provider, model, provider) for model in provider.models]
        for maker_id in provider.fallback_model_providers or ():
            maker = by_id[maker_id]
            for model in maker.models:
                # Only where the package itself would price the name by the maker's list.
                if provider.find_model(model.id, all_providers=list(_package_providers)) is model:
                    found.append(BookModel(provider, model, maker))
    return found


def package_prices(provider_ids: tuple[str, ...] = PROVIDERS) -> PackagePrices:
    """The package's prices as rows, in a fixed order."""
    result = PackagePrices()
    source = package_source()
    for book_model in book_models(provider_ids):
        _add_model(result, book_model, source)
    if "aws" in provider_ids:
        result.rows += guardrail_prices()
    result.rows.sort(key=lambda row: (row.key, row.valid_from))
    return result


def _add_model(result: PackagePrices, book_model: BookModel, source: str) -> None:
    model, provider = book_model.model, book_model.provider
    resold = provider is not book_model.priced_by
    # The package applies variants only at the maker itself: a reseller's tiers have prices of their own.
    variants = [] if resold else model.price_variants or []
    tiers: dict[str, list[PriceVariant]] = {}
    for variant in variants:
        tier = SERVICE_TIERS.get(next(iter(variant.when.items()))) if len(variant.when) == 1 else None
        if tier and not isinstance(variant.constraint, TimeOfDateConstraint):
            tiers.setdefault(tier, []).append(variant)
        elif variant.prices.__dict__ and not _same_as_a_tier(variant, variants):
            context = ", ".join(f"{key}={value}" for key, value in variant.when.items())
            result.not_represented.append(f"{provider.id}/{model.id}: price of requests with {context}")
    standard = replace(model, prices=_conditional_prices(model), price_variants=None)
    outside = _time_outside(_windows(standard.prices))
    rows = [("standard", "", *row) for row in _intervals(standard, [], outside, result)]
    for window in _windows(standard.prices):
        hours = f"{window.start_time:%H:%M}-{window.end_time:%H:%M}"
        rows += [("standard", hours, *row) for row in _intervals(standard, [], outside, None, within=window)]
    for tier, tier_variants in sorted(tiers.items()):
        priced = replace(standard, price_variants=tier_variants)
        rows += [(tier, "", *row) for row in _intervals(priced, tier_variants, outside, None)]
    result.rows += [
        PriceRow(provider.id, model.id, "", tier, kind, above, price, CURRENCY, start, end, source, hours)
        for tier, hours, kind, above, price, start, end in rows
    ]


def _same_as_a_tier(variant: PriceVariant, variants: list[PriceVariant]) -> bool:
    """True if a service tier has these very prices under another name (OpenAI's "fast" is "priority")."""
    return any(
        next(iter(other.when.items())) in SERVICE_TIERS
        and (other.prices, other.constraint) == (variant.prices, variant.constraint)
        for other in variants
    )


def _conditional_prices(model: ModelInfo) -> list[ConditionalPrice]:
    return [ConditionalPrice(prices=model.prices)] if isinstance(model.prices, ModelPrice) else model.prices


def _windows(prices: list[ConditionalPrice]) -> list[TimeOfDateConstraint]:
    """The parts of each day (UTC) that have prices of their own, in order."""
    windows = [price.constraint for price in prices if isinstance(price.constraint, TimeOfDateConstraint)]
    return sorted(windows, key=lambda window: (window.start_time, window.end_time))


def _time_outside(windows: list[TimeOfDateConstraint]) -> time:
    """A time of day in none of the windows, for asking the price of the rest of the day.

    Raises:
        ValueError: the windows leave nothing of the day.
    """
    for minute in range(24 * 60):
        instant = datetime(1990, 1, 1, minute // 60, minute % 60, tzinfo=UTC)
        if not any(window.active(instant) for window in windows):
            return instant.time()
    raise ValueError("prices by time of day leave no time without one")


Interval = tuple[str, int, Decimal, str, str]


def _intervals(
    model: ModelInfo,
    variants: list[PriceVariant],
    time_of_day: time,
    result: PackagePrices | None,
    within: TimeOfDateConstraint | None = None,
) -> list[Interval]:
    """Intervals of one service tier: the package's own rule, asked once between any two dates that matter.

    With ``within`` they are the prices in that part of the day, where they differ from those at ``time_of_day``.
    """
    starts = sorted({_start(item) for item in [*model.prices, *variants]} | {None}, key=lambda d: d or date.min)
    points: dict[tuple[str, int], list[tuple[str, Decimal | None]]] = {}
    for index, start in enumerate(starts):
        instant = datetime.combine(start or date(1990, 1, 1), time_of_day, UTC)
        active = [variant for variant in variants if variant.constraint is None or variant.constraint.active(instant)]
        prices: dict[tuple[str, int], Decimal] = {}
        if active or not variants:
            context = active[0].when if active else None
            prices = _prices_by_kind(model.get_prices(instant, context), result)
        if within is not None:
            instant = datetime.combine(instant.date(), within.start_time.replace(tzinfo=None), UTC)
            inside = _prices_by_kind(model.get_prices(instant), None)
            prices = {key: price for key, price in inside.items() if prices.get(key) != price}
        for key in points.keys() | prices.keys():
            history = points.setdefault(key, [(_text(s), None) for s in starts[:index]])
            history.append((_text(start), prices.get(key)))
    return [
        (kind, above, price, start, end)
        for (kind, above), history in points.items()
        for start, end, price in _merge(history)
    ]


def _start(item: ConditionalPrice | PriceVariant) -> date | None:
    return item.constraint.start_date if isinstance(item.constraint, StartDateConstraint) else None


def _text(start: date | None) -> str:
    # The package's dates begin at midnight UTC; a bare date would mean midnight in the reporting zone.
    return ORIGIN if start is None else f"{start.isoformat()}T00:00:00Z"


def _merge(history: list[tuple[str, Decimal | None]]) -> list[tuple[str, str, Decimal]]:
    """Half-open intervals of equal price; where there is no price there is no interval."""
    merged: list[tuple[str, str, Decimal | None]] = []
    for index, (start, price) in enumerate(history):
        end = history[index + 1][0] if index + 1 < len(history) else ""
        if merged and merged[-1][2] == price:
            merged[-1] = (merged[-1][0], end, price)
        else:
            merged.append((start, end, price))
    return [(start, end, price) for start, end, price in merged if price is not None]


def _prices_by_kind(prices: ModelPrice, result: PackagePrices | None) -> dict[tuple[str, int], Decimal]:
    found: dict[tuple[str, int], Decimal] = {}
    for key, price in prices.__dict__.items():
        if price is None:
            continue
        if key not in TOKEN_KINDS:
            if result is not None:
                result.skipped_kinds[key] += 1
            continue
        kind, factor = TOKEN_KINDS[key]
        levels = [(0, price)]
        if isinstance(price, TieredPrices):
            levels = [(0, price.base), *((level.start, level.price) for level in price.tiers)]
        for above, amount in levels:
            found[(kind, above)] = (amount * factor).quantize(PRICE_QUANTUM)
    return found
