"""LiteLLM's public price map, read from a local copy: each key's prices as rows, and what of it the rows cannot say.

The names of its prices follow a grammar: a base, then ``_above_1hr`` of a cache's lifetime, ``_above_200k_tokens`` of a
threshold and ``_batches`` of a tier, each where it applies. A name that the grammar does not know is an error.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from orchestration.prices.names import PROVIDER_ALIASES
from orchestration.prices.rows import CURRENCY, ORIGIN, PRICE_QUANTUM, PriceRow

# Prices of one unit, and the kinds they are here.
KINDS = {
    "input_cost_per_token": "input",
    "output_cost_per_token": "output",
    "cache_read_input_token_cost": "cache_read",
    "cache_creation_input_token_cost": "cache_write",
    "output_cost_per_reasoning_token": "reasoning",
    "input_cost_per_audio_token": "audio_input",
    "cache_read_input_audio_token_cost": "audio_cache_read",
    "output_cost_per_audio_token": "audio_output",
    "input_cost_per_image_token": "image_input",
    "cache_read_input_image_token_cost": "image_cache_read",
    "output_cost_per_image_token": "image_output",
    "input_cost_per_video_token": "video_input",
    "output_cost_per_video_token": "video_output",
    "citation_cost_per_token": "citation",
    "input_cost_per_character": "input_characters",
    "input_cost_per_second": "input_seconds",
    "input_cost_per_audio_per_second": "input_seconds",
    "output_cost_per_second": "output_seconds",
    "output_cost_per_video_per_second": "output_seconds",
    "output_cost_per_image": "images",
    "input_cost_per_request": "request",
    "input_cost_per_text_message": "text_messages",
    "ocr_cost_per_page": "pages",
    "annotation_cost_per_page": "annotated_pages",
    "google_maps_grounding_cost_per_query": "maps_grounding",
    "code_interpreter_cost_per_session": "code_interpreter",
}
# Prices of units that no meter counts: named as left out, unless they are 0.
UNSUPPORTED = {
    "cache_creation_input_audio_token_cost": "audio written to a cache",
    "explicit_cache_read_input_token_cost": "reads of explicit caches",
    "input_cost_per_image": "images sent",
    "input_cost_per_pixel": "pixels",
    "output_cost_per_pixel": "pixels",
    "output_cost_per_character": "characters returned",
    "input_cost_per_video_per_second": "seconds of video sent",
    "ocr_cost_per_credit": "credits",
    "cost_per_second": "capacity paid by the second",
    "guardrail_cost_per_unit": "guardrails, which the first book has",
}
# Names that look like prices and are none: the same price in another unit or under an older name, and what modifiers
# and allowances of searches say.
IGNORED = frozenset(
    {
        *("input_dbu_cost_per_token", "output_dbu_cost_per_token", "input_cost_per_token_cache_hit"),
        *("fedramp_uplift_multiplier", "regional_endpoint_uplift_multiplier", "search_free_requests"),
        *("regional_processing_uplift_multiplier_eu", "regional_processing_uplift_multiplier_us"),
        "web_search_billing_unit",
    }
)
TIERS = {"": "standard", "batches": "batch", "flex": "flex", "priority": "priority"}
UNHEARD_TIERS = frozenset({"ultrafast", "balanced", "decisions"})
# Keys of the map that are no models.
NO_MODELS = frozenset({"sample_spec", "fallback_generalizations"})

_PRICE_LIKE = re.compile(r"cost|pric|multiplier|_fee|billing|free_")
_NAME = re.compile(
    r"(?P<base>[a-z_]+?[a-z])(?:_above_(?P<hours>\d+)hr)?(?:_above_(?P<thousands>\d+)k_tokens)?"
    r"(?:_above_(?P<interval>\d+s)_interval)?(?:_(?P<size>\d+p|[\d.]+[kK]|512|1024|1536))?"
    rf"(?:_(?P<tier>{'|'.join(filter(None, [*TIERS, *UNHEARD_TIERS]))}))?"
)
_REGION = re.compile(r"(?:us|eu|ap|ca|sa|me|af|il|mx)(?:-gov)?-[a-z]+-\d")
_PIXELS = re.compile(r"(?:^|/)(\d+)-x-(\d+)/")


@dataclass
class MapKey:
    """One key of the map: whose model it is, its prices as rows, and the reason of each price that is no row."""

    key: str
    provider: str
    model: str
    region: str
    rows: list[PriceRow] = field(default_factory=list)
    left_out: set[str] = field(default_factory=set)


def read_map(text: str, source: str) -> list[MapKey]:
    """The keys of the map, in its order.

    Raises:
        ValueError: not the map, or a price whose name the grammar does not know.
    """
    entries = json.loads(text, parse_float=Decimal)
    if not isinstance(entries, dict) or not all(isinstance(entry, dict) for entry in entries.values()):
        raise ValueError("not LiteLLM's price map: an object with an object per model is expected")
    found = []
    for key, entry in entries.items():
        if key in NO_MODELS:
            continue
        # A name that points at another key has its prices.
        target = entries.get(entry.get("alias_of"), entry)
        found.append(_map_key(key, target, source))
    return found


def _map_key(key: str, entry: Mapping[str, Any], source: str) -> MapKey:
    namespace = str(entry.get("litellm_provider", ""))
    provider = provider_of(namespace)
    head, _, rest = key.partition("/")
    model = rest if rest and (head == namespace or provider_of(head) == provider) else key
    region, _, inner = model.partition("/")
    region, model = (region, inner) if inner and _REGION.fullmatch(region) else ("", model)
    found = MapKey(key, provider, model, region)
    prices = _Prices(entry, key)
    found.left_out |= prices.left_out
    for tier in sorted({tier for tier, *_ in prices.found}):
        # What a tier leaves out costs what it costs in the standard tier.
        own = {kind for t, kind, *_ in prices.found if t == tier}
        for (t, kind, above, hours, days), price in prices.found.items():
            if t == tier or (t == "standard" and kind not in own):
                place = (provider, model, region, tier, kind, above)
                found.rows.append(PriceRow(*place, price, CURRENCY, ORIGIN, "", source, hours, days))
    if found.rows and not any(row.price_per_million for row in found.rows):
        found.left_out.add("all prices are 0: free, or not known")
        found.rows = []
    elif not found.rows and not found.left_out:
        found.left_out.add("no price")
    return found


def provider_of(namespace: str) -> str:
    """The provider of the book that a provider of LiteLLM is, else its own name."""
    name = namespace.lower()
    family = name.partition("-")[0] if name.startswith("vertex_ai-") or name.startswith("fireworks_ai-") else name
    return PROVIDER_ALIASES.get(name) or PROVIDER_ALIASES.get(family) or family


class _Prices:
    """The prices of one key by tier, kind, threshold, hours and weekdays; per million units."""

    def __init__(self, entry: Mapping[str, Any], key: str) -> None:
        self.found: dict[tuple[str, str, int, str, str], Decimal] = {}
        self.left_out: set[str] = set()
        self.entry, self.key = entry, key
        # A plain price beside prices by resolution is that of one of them.
        sized = {match["base"] for name in entry if (match := _NAME.fullmatch(name)) and match["size"]}
        for name, value in entry.items():
            if _PRICE_LIKE.search(name) and name not in IGNORED and value is not None:
                self._add(name, value, sized)
        if "cost_per_second" in entry:
            self.found.clear()

    def _add(self, name: str, value: Any, sized: set[str]) -> None:
        if name == "tiered_pricing":
            for level in value:
                if "max_results_range" in level:
                    self.left_out.add("searches by number of results")
                else:
                    self._add_all(level, above=int(level["range"][0]))
        elif name == "off_peak_pricing":
            for hours, days in _windows(value["windows"]):
                self._add_all(value, hours=hours, days=days)
        elif name == "search_context_cost_per_query":
            # One price whatever the size; else it hangs on what few logs state.
            prices = {Decimal(price) for price in value.values()}
            self._keep("web_search", prices.pop()) if len(prices) == 1 else self.left_out.add(
                "searches by context size"
            )
        elif name == "file_search_cost_per_1k_calls":
            self._keep("file_search", Decimal(value) / 1000)
        elif name == "input_cost_per_query":
            kind = "searches" if self.entry.get("mode") in ("rerank", "search") else "request"
            self._keep(kind, Decimal(value))
        else:
            self._add_named(name, value, sized)

    def _add_all(self, prices: Mapping[str, Any], above: int = 0, hours: str = "", days: str = "") -> None:
        for name, value in prices.items():
            if _PRICE_LIKE.search(name) and name not in IGNORED:
                self._add_named(name, value, set(), above, hours, days)

    def _add_named(
        self, name: str, value: Any, sized: set[str], above: int = 0, hours: str = "", days: str = ""
    ) -> None:
        match = _NAME.fullmatch(name)
        base = match["base"] if match else ""
        if match is None or base not in KINDS.keys() | UNSUPPORTED.keys():
            raise ValueError(f"{self.key}: {name} is a price that nothing here reads")
        kind, reason = KINDS.get(base, ""), UNSUPPORTED.get(base)
        # The price of an image, where the key says how large it is and the model makes images.
        pixels = _PIXELS.search(self.key)
        if self.entry.get("mode") == "image_generation":
            if base == "input_cost_per_pixel" and "output_cost_per_image" in self.entry:
                return
            if base == "input_cost_per_pixel" and pixels:
                kind, reason, value = "images", None, Decimal(value) * int(pixels[1]) * int(pixels[2])
            elif base == "input_cost_per_image" and "output_cost_per_image" not in self.entry:
                kind, reason = "images", None
        if match["hours"]:
            kind, reason = (
                "cache_write_1h",
                None if match["hours"] == "1" else f"caches kept for {match['hours']} hours",
            )
        if match["interval"] or base in sized:
            reason = "prices by resolution or length"
        if match["tier"] in UNHEARD_TIERS:
            reason = f"tier {match['tier']}"
        if reason is None:
            above = int(match["thousands"]) * 1000 if match["thousands"] else above
            self._keep(kind, Decimal(value), TIERS[match["tier"] or ""], above, hours, days)
        elif value != 0:
            self.left_out.add(reason)

    def _keep(
        self, kind: str, price: Decimal, tier: str = "standard", above: int = 0, hours: str = "", days: str = ""
    ) -> None:
        per_million = (price * 1_000_000).quantize(PRICE_QUANTUM)
        if self.found.setdefault((tier, kind, above, hours, days), per_million) != per_million:
            self.left_out.add(f"two prices of {kind}")


def _windows(windows: list[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Hours and weekdays of each part of the week, as the book writes them."""
    for window in windows:
        listed = window["hours_utc"]
        days = sorted(window["weekdays"])
        if days != list(range(days[0], days[-1] + 1)):
            raise ValueError(f"weekdays {days} are not in a row")
        for hours in [listed] if isinstance(listed, str) else listed:
            start, end = hours.split("-")
            text = "" if start == end else f"{start}-{'24:00' if end == '00:00' else end}"
            yield text, f"{days[0]}-{days[-1]}" if len(days) > 1 else str(days[0])
