"""A usage of ours in the words of the price package."""

from __future__ import annotations

from collections.abc import Mapping

from genai_prices.types import Usage

CONTEXTS = {
    "standard": None,
    "batch": {"processing": "batch"},
    "flex": {"service_tier": "flex"},
    "priority": {"service_tier": "priority"},
    "fast_speed": {"speed": "fast"},
    "fast_search": {"search_type": "fast"},
}
NO_TEXT = ("audio", "image", "video")


def as_package_usage(tokens: Mapping[str, int]) -> Usage:
    """The package counts parts inside their whole; here they stand side by side."""
    get = tokens.get
    read, write = get("cache_read", 0), get("cache_write", 0) + get("cache_write_1h", 0)
    cached = {kind: get(f"{kind}_cache_read", 0) for kind in NO_TEXT}
    seen = {kind: get(f"{kind}_input", 0) + cached[kind] for kind in NO_TEXT}
    made = {kind: get(f"{kind}_output", 0) for kind in NO_TEXT}
    read += sum(cached.values())
    given = {
        "input_tokens": get("input", 0) + read + write + sum(seen.values()) - sum(cached.values()),
        "output_tokens": get("output", 0) + sum(made.values()),
        "cache_read_tokens": read,
        "cache_write_tokens": write,
        "cache_write_1h_tokens": get("cache_write_1h", 0),
        "output_reasoning_tokens": get("reasoning", 0),
        "web_searches": get("web_search", 0),
        "storage_searches": get("file_search", 0),
    }
    for kind in NO_TEXT:
        given[f"input_{kind}_tokens"], given[f"output_{kind}_tokens"] = seen[kind], made[kind]
        given[f"cache_{kind}_read_tokens"] = cached[kind]
    return Usage(**given)
