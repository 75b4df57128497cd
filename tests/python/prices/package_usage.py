"""A usage of ours in the words of the price package."""

from __future__ import annotations

from collections.abc import Mapping

from genai_prices.types import Usage

CONTEXTS = {
    "standard": None,
    "batch": {"processing": "batch"},
    "flex": {"service_tier": "flex"},
    "priority": {"service_tier": "priority"},
}


def as_package_usage(tokens: Mapping[str, int]) -> Usage:
    """The package counts parts inside their whole; here they stand side by side."""
    get = tokens.get
    read, write = get("cache_read", 0), get("cache_write", 0) + get("cache_write_1h", 0)
    audio_in, audio_out, image_in = get("audio_input", 0), get("audio_output", 0), get("image_input", 0)
    given = {
        "input_tokens": get("input", 0) + read + write + audio_in + image_in,
        "output_tokens": get("output", 0) + audio_out,
        "cache_read_tokens": read,
        "cache_write_tokens": write,
        "cache_write_1h_tokens": get("cache_write_1h", 0),
        "input_audio_tokens": audio_in,
        "output_audio_tokens": audio_out,
        "input_image_tokens": image_in,
        "output_reasoning_tokens": get("reasoning", 0),
        "web_searches": get("web_search", 0),
        "storage_searches": get("file_search", 0),
        # No cached audio or pictures, no spoken video: what the book has no bucket for is none.
        "cache_audio_read_tokens": 0,
        "cache_image_read_tokens": 0,
    }
    return Usage(**given)
