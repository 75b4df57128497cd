"""Langfuse's usage: which key counts into which bucket, and whether the parts stand beside the whole or inside it."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from orchestration.ingest.paths import count, strict_object
from orchestration.sources.units import Units
from orchestration.sources.usage_members import not_understood, unread

# Every key of Langfuse's own price list, and those that its integrations pass through from providers. Langfuse
# prices each key by itself, so all of them exclude one another.
_KEYS: dict[str, str] = {
    "input_tokens": (
        "input input_text input_tokens prompt_tokens prompt_token_count promptTokenCount promptTokens input_text_tokens"
    ),
    "cache_read_tokens": (
        "input_cached_tokens input_cache_read cache_read_input_tokens cached_content_token_count cached_tokens"
        " input_cached_text cacheReadInputTokens cachedContentTokenCount"
    ),
    "cache_write_tokens": (
        "input_cache_creation_5m input_cache_creation cache_creation_input_tokens cache_write_tokens"
        " input_cache_write cacheWriteInputTokens"
    ),
    "cache_write_1h_tokens": "input_cache_creation_1h",
    "output_tokens": (
        "output output_text output_tokens completion_tokens candidates_token_count candidatesTokenCount"
        " completionTokens output_text_tokens"
    ),
    "reasoning_tokens": (
        "output_reasoning_tokens output_reasoning reasoning_tokens thoughts_token_count thoughtsTokenCount"
    ),
}
# Meters by their keys; cached ones of a modality have keys of their own here.
_METERS: dict[str, str] = {
    "audio_input": "input_audio input_audio_tokens",
    "audio_output": "output_audio output_audio_tokens",
    "audio_cache_read": "input_cached_audio input_cached_audio_tokens input_audio_cached",
    "image_input": "input_image input_image_tokens",
    "image_output": "output_image output_image_tokens",
    "image_cache_read": "input_cached_image input_cached_image_tokens",
    "video_input": "input_video input_video_tokens",
    "video_output": "output_video output_video_tokens",
    "video_cache_read": "input_cached_video input_cached_video_tokens",
    "predicted_output": (
        "accepted_prediction_tokens rejected_prediction_tokens output_accepted_prediction_tokens"
        " output_rejected_prediction_tokens"
    ),
    "tool_use_input": "tool_use_prompt_token_count toolUsePromptTokenCount tool_use_input input_tool_use",
    "citation": "citation_tokens",
    "web_search": "grounding_queries web_search_queries web_search_requests num_search_queries",
    "file_search": "file_search_calls",
    "searches": "search_units",
    "input_characters": "input_characters characters",
    "input_seconds": "input_seconds audio_seconds",
    "images": "images",
    "pages": "pages",
}
BUCKET_OF = {key: bucket for bucket, keys in _KEYS.items() for key in keys.split()}
METER_OF = {key: meter for meter, keys in _METERS.items() for key in keys.split()}
_TOTALS = frozenset({"total", "total_tokens", "totalTokens", "totalTokenCount", "total_token_count"})
# What the older usage object holds besides counts.
_OLD_PRICES = frozenset({"unit", "inputCost", "outputCost", "totalCost", "input_cost", "output_cost", "total_cost"})
_CACHED = ("cache_read_tokens", "cache_write_tokens", "cache_write_1h_tokens")


def usage_columns(row: dict[str, Any]) -> dict[str, Any]:
    """Token counts of a generation as they were reported, how they are to be read, and whether they contradict.

    Raises:
        BadRow: a count is not one, or the usage is not an object.
    """
    usage = _usage(row)
    counts: dict[str, int] = defaultdict(int)
    units = Units()
    total = None
    unknown: dict[str, int] = {}
    for key, value in usage.items():
        if key in METER_OF:
            units.add(METER_OF[key], value, key)
            continue
        amount = count(value, key if key in BUCKET_OF else "usage_details")
        if amount is None:
            continue
        if key in _TOTALS:
            total = amount
        elif key in BUCKET_OF:
            counts[BUCKET_OF[key]] += amount
        else:
            unknown[key] = amount
    _take_repeated_writes(usage, counts)
    # Every key is priced by itself, so cached tokens of a modality stand beside the cached ones of text.
    if cached := units.tokens("cache_read"):
        counts["cache_read_tokens"] += cached
    return {
        **{bucket: counts.get(bucket) for bucket in _KEYS},
        "total_tokens": total,
        **units.columns(),
        "usage_not_understood": not_understood(unread(unknown, frozenset())),
        **_reading(counts, units, total, sum(unknown.values())),
    }


def _usage(row: dict[str, Any]) -> dict[str, Any]:
    details = strict_object(row, "usageDetails", "usage_details")
    if details:
        return details
    old = strict_object(row, "usage")
    if old:
        unit = old.get("unit")
        is_tokens = unit is None or str(unit).upper() == "TOKENS"
        return {key: value for key, value in old.items() if key not in _OLD_PRICES} if is_tokens else {}
    return {key: row[key] for key in ("promptTokens", "completionTokens", "totalTokens") if row.get(key) is not None}


def _take_repeated_writes(usage: dict[str, Any], counts: dict[str, int]) -> None:
    """A total of cache writes beside its split by lifetime repeats the split."""
    split = [count(usage.get(f"input_cache_creation_{life}"), "usage_details") or 0 for life in ("5m", "1h")]
    for name in ("input_cache_creation", "cache_creation_input_tokens"):
        whole = count(usage.get(name), "usage_details")
        if whole and whole == sum(split):
            counts["cache_write_tokens"] -= whole


def _reading(counts: dict[str, int], units: Units, total: int | None, unknown: int) -> dict[str, bool]:
    """Exclusive, as Langfuse declares it, unless the row's own total proves that its emitter counted parts twice."""
    beside_input, beside_output = units.tokens("input"), units.tokens("output")
    # What a total may hold besides the tokens of an answer: each search, each token of a citation.
    others = units.of("web_search") + units.of("citation")
    whole = sum(counts.values()) + beside_input + beside_output
    fits = total is None or total in (whole, whole + others)
    if fits and not unknown:
        return {"input_includes_parts": False, "output_includes_parts": False, "usage_disagrees": False}
    inputs = sum(counts.get(part, 0) for part in _CACHED) + beside_input
    outputs = counts.get("reasoning_tokens", 0) + beside_output
    can_hold_inputs = 0 < inputs <= counts.get("input_tokens", 0)
    can_hold_outputs = 0 < outputs <= counts.get("output_tokens", 0)
    for in_input, in_output in ((True, False), (False, True), (True, True)):
        possible = (can_hold_inputs or not in_input) and (can_hold_outputs or not in_output)
        inside = (inputs if in_input else 0) + (outputs if in_output else 0)
        if not fits and possible and total in (whole - inside, whole - inside + others):
            return {"input_includes_parts": in_input, "output_includes_parts": in_output, "usage_disagrees": True}
    return {"input_includes_parts": False, "output_includes_parts": False, "usage_disagrees": True}
