"""Rows of the price book from the installed ``genai-prices`` package. Nothing is fetched."""

from __future__ import annotations

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
from orchestration.reference import meters

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

# Price keys of the package, the kinds they are here, and the units that the package's price is for. A key that is not
# here stops `finops prices update`: no price is left out without a word.
TOKEN_KINDS: dict[str, tuple[str, int]] = {
    "input_mtok": ("input", 1_000_000),
    "cache_read_mtok": ("cache_read", 1_000_000),
    "cache_write_mtok": ("cache_write", 1_000_000),
    "cache_write_1h_mtok": ("cache_write_1h", 1_000_000),
    "output_mtok": ("output", 1_000_000),
    "output_reasoning_mtok": ("reasoning", 1_000_000),
    "output_citation_mtok": ("citation", 1_000_000),
    "input_tool_mtok": ("tool_use_input", 1_000_000),
    "input_audio_mtok": ("audio_input", 1_000_000),
    "cache_audio_read_mtok": ("audio_cache_read", 1_000_000),
    "output_audio_mtok": ("audio_output", 1_000_000),
    "input_image_mtok": ("image_input", 1_000_000),
    "cache_image_read_mtok": ("image_cache_read", 1_000_000),
    "output_image_mtok": ("image_output", 1_000_000),
    "input_video_mtok": ("video_input", 1_000_000),
    "cache_video_read_mtok": ("video_cache_read", 1_000_000),
    "output_video_mtok": ("video_output", 1_000_000),
    # A price per hour may have no end as a price per second (0.111 / 3600); it is rounded as every price is, by which
    # an hour is off by less than 2e-12 of the currency.
    "input_audio_hours": ("input_seconds", 3600),
    "output_audio_hours": ("output_seconds", 3600),
    # Duration of a call without a direction: that of a session, or of what was transcribed. It is stated once.
    "audio_hours": ("input_seconds", 3600),
    "input_mchars": ("input_characters", 1_000_000),
    "input_document_kpages": ("pages", 1000),
    "input_annotated_document_kpages": ("annotated_pages", 1000),
    "input_text_messages_kcount": ("text_messages", 1000),
    "requests_kcount": ("request", 1000),
    "rerank_searches_kcount": ("searches", 1000),
    "web_searches_kcount": ("web_search", 1000),
    "storage_searches_kcount": ("file_search", 1000),
}

# Request contexts of the package and the service tiers they are here. The last two are no tiers of any log: a row of
# `price_modifiers` names them as its price list.
SERVICE_TIERS: dict[tuple[str, str], str] = {
    ("processing", "batch"): "batch",
    ("service_tier", "flex"): "flex",
    ("service_tier", "priority"): "priority",
    ("service_tier", "fast"): "priority",
    ("speed", "fast"): "fast_speed",
    ("search_type", "fast"): "fast_search",
}


@dataclass
class PackagePrices:
    """What the package says, as rows, and what of it the rows cannot say."""

    rows: list[PriceRow] = field(default_factory=list)
    unknown_units: list[str] = field(default_factory=list)
    """Prices of a unit that neither the text kinds nor the vocabulary of meters has, one line each."""
    not_represented: list[str] = field(default_factory=list)
    """Prices by request context that no tier stands for, one line each."""


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
    unheard = {
        row.token_kind: f"{row.provider}/{row.model}" for row in result.rows if row.token_kind not in meters.TOKEN_KINDS
    }
    result.unknown_units += [f"{first}: {kind} is no meter of meters.csv" for kind, first in sorted(unheard.items())]
    return result


def unpriced_models(rows: list[PriceRow]) -> tuple[int, list[tuple[str, str, str]]]:
    """Number of models that the chosen providers sell themselves, and provider, model and units of those of which some
    unit that the package prices, or all, have no row."""
    kinds: dict[tuple[str, str], set[str]] = {}
    for row in rows:
        kinds.setdefault((row.provider, row.model), set()).add(row.token_kind)
    missing = []
    own = [book_model for book_model in book_models() if book_model.provider is book_model.priced_by]
    for book_model in own:
        name = (book_model.provider.id, book_model.model.id)
        keys = {key for prices in _conditional_prices(book_model.model) for key in prices.prices.__dict__}
        lacking = {kind for key in keys if (kind := TOKEN_KINDS.get(key, (key,))[0]) not in kinds.get(name, set())}
        if lacking or name not in kinds:
            missing.append((*name, ", ".join(sorted(lacking)) or "anything: the package has none"))
    return len(own), missing


def _add_model(result: PackagePrices, book_model: BookModel, source: str) -> None:
    model, provider = book_model.model, book_model.provider
    resold = provider is not book_model.priced_by
    # The package applies variants only at the maker itself: a reseller's tiers have prices of their own.
    tiers = {} if resold else _tiers(result, provider, model)
    standard = replace(model, prices=_conditional_prices(model), price_variants=None)
    for prices in (*standard.prices, *(variant for variants in tiers.values() for variant in variants)):
        unknown = prices.prices.__dict__.keys() - TOKEN_KINDS.keys()
        result.unknown_units += [f"{provider.id}/{model.id}: no meter for {key}" for key in sorted(unknown)]
    outside = _time_outside(_windows(standard.prices))
    rows = [("standard", "", *row) for row in _intervals(standard, [], outside)]
    for window in _windows(standard.prices):
        hours = f"{window.start_time:%H:%M}-{window.end_time:%H:%M}"
        rows += [("standard", hours, *row) for row in _intervals(standard, [], outside, within=window)]
    for tier, tier_variants in sorted(tiers.items()):
        priced = replace(standard, price_variants=tier_variants)
        rows += [(tier, "", *row) for row in _intervals(priced, tier_variants, outside)]
    result.rows += [
        PriceRow(provider.id, model.id, "", tier, kind, above, price, CURRENCY, start, end, source, hours)
        for tier, hours, kind, above, price, start, end in rows
    ]


def _tiers(result: PackagePrices, provider: Provider, model: ModelInfo) -> dict[str, list[PriceVariant]]:
    """The model's prices by request context, by the tier that stands for it; a context without prices is standard."""
    tiers: dict[str, list[PriceVariant]] = {}
    for variant in model.price_variants or []:
        context = ", ".join(f"{key}={value}" for key, value in variant.when.items())
        tier = SERVICE_TIERS.get(next(iter(variant.when.items()))) if len(variant.when) == 1 else None
        # One tier may have two names (OpenAI's "fast" is "priority"), as long as both say the same.
        others = [other for other in tiers.get(tier or "", []) if other.when != variant.when]
        if tier is None and not variant.prices.__dict__:
            continue
        if tier is None or isinstance(variant.constraint, TimeOfDateConstraint):
            result.not_represented.append(f"{provider.id}/{model.id}: no tier for requests with {context}")
        elif not others:
            tiers.setdefault(tier, []).append(variant)
        elif all((other.prices, other.constraint) != (variant.prices, variant.constraint) for other in others):
            result.not_represented.append(f"{provider.id}/{model.id}: {context} differs from the tier {tier}")
    return tiers


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
            prices = _prices_by_kind(model.get_prices(instant, context))
        if within is not None:
            instant = datetime.combine(instant.date(), within.start_time.replace(tzinfo=None), UTC)
            inside = _prices_by_kind(model.get_prices(instant))
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


def _prices_by_kind(prices: ModelPrice) -> dict[tuple[str, int], Decimal]:
    found: dict[tuple[str, int], Decimal] = {}
    for key, (kind, per) in TOKEN_KINDS.items():
        price = prices.__dict__.get(key)
        if price is None:
            continue
        levels = [(0, price)]
        if isinstance(price, TieredPrices):
            levels = [(0, price.base), *((level.start, level.price) for level in price.tiers)]
        for above, amount in levels:
            per_million = (amount * 1_000_000 / per).quantize(PRICE_QUANTUM)
            if found.setdefault((kind, above), per_million) != per_million:
                raise ValueError(f"{key} is another price of {kind} than the keys before it say")
    return found
