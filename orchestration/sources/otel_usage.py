"""Usage attributes of spans, under the names of every convention: text tokens, meters, and names that nobody reads."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from orchestration.ingest.values import integer
from orchestration.sources.otel_spans import attribute_value
from orchestration.sources.units import (
    MODALITIES,
    Units,
    add_input_modalities,
    add_output_modalities,
    reasoning_is_outside,
)
from orchestration.sources.usage_members import modifiers, not_understood, unread

# Attribute names of each token count, newest convention first.
TOKENS: dict[str, tuple[str, ...]] = {
    "input_tokens": (
        "gen_ai.usage.input_tokens",
        "gen_ai.usage.prompt_tokens",
        "llm.token_count.prompt",
        "llm.usage.prompt_tokens",
        "ai.usage.inputTokens",
        "ai.usage.promptTokens",
        "ai.usage.tokens",
    ),
    "output_tokens": (
        "gen_ai.usage.output_tokens",
        "gen_ai.usage.completion_tokens",
        "llm.token_count.completion",
        "llm.usage.completion_tokens",
        "ai.usage.outputTokens",
        "ai.usage.completionTokens",
    ),
    "cache_read_tokens": (
        "gen_ai.usage.cache_read.input_tokens",
        "gen_ai.usage.cache_read_input_tokens",
        "llm.token_count.prompt_details.cache_read",
        "ai.usage.cachedInputTokens",
        "ai.usage.inputTokenDetails.cacheReadTokens",
    ),
    "cache_write_tokens": (
        "gen_ai.usage.cache_creation.input_tokens",
        "gen_ai.usage.cache_write.input_tokens",
        "gen_ai.usage.cache_creation_input_tokens",
        "llm.token_count.prompt_details.cache_write",
        "ai.usage.inputTokenDetails.cacheWriteTokens",
    ),
    # Written for an hour, inside the count of all that was written.
    "ephemeral_1h": (
        "anthropic.usage.cache_creation.ephemeral_1h_input_tokens",
        "gen_ai.usage.cache_creation.ephemeral_1h_input_tokens",
    ),
    "ephemeral_5m": (
        "anthropic.usage.cache_creation.ephemeral_5m_input_tokens",
        "gen_ai.usage.cache_creation.ephemeral_5m_input_tokens",
    ),
    # Beside the count of what was written.
    "cache_write_1h_tokens": ("finops.cache_write_1h_tokens",),
    "reasoning_tokens": (
        "gen_ai.usage.reasoning.output_tokens",
        "gen_ai.usage.reasoning_tokens",
        "gen_ai.usage.details.reasoning_tokens",
        "llm.token_count.completion_details.reasoning",
        "llm.usage.reasoning_tokens",
        "ai.usage.reasoningTokens",
        "ai.usage.outputTokenDetails.reasoningTokens",
    ),
}
_INPUTS = {
    "audio": ("gen_ai.usage.audio.input_tokens", "llm.token_count.prompt_details.audio"),
    "image": ("gen_ai.usage.image.input_tokens", "llm.token_count.prompt_details.image"),
    "video": ("gen_ai.usage.video.input_tokens", "llm.token_count.prompt_details.video"),
}
_CACHED = {
    modality: (
        f"gen_ai.usage.cache_read.{modality}.input_tokens",
        f"gen_ai.usage.{modality}.cache_read.input_tokens",
    )
    for modality in MODALITIES
}
_OUTPUTS = {
    "audio": ("gen_ai.usage.audio.output_tokens", "llm.token_count.completion_details.audio"),
    "image": ("gen_ai.usage.image.output_tokens", "llm.token_count.completion_details.image"),
    "video": ("gen_ai.usage.video.output_tokens", "llm.token_count.completion_details.video"),
}
# Counts that add up to a meter, each under all its names.
METERS: dict[str, tuple[tuple[str, ...], ...]] = {
    "predicted_output": tuple(
        (f"gen_ai.usage.{kind}_prediction_tokens", f"gen_ai.usage.details.{kind}_prediction_tokens")
        for kind in ("accepted", "rejected")
    ),
    "tool_use_input": (
        (
            "gen_ai.usage.tool_use.input_tokens",
            "gen_ai.usage.tool_use_prompt_tokens",
            "gen_ai.usage.details.tool_use_prompt_tokens",
        ),
    ),
    "citation": (("gen_ai.usage.citation_tokens", "gen_ai.usage.details.citation_tokens"),),
    "web_search": (
        (
            "gen_ai.usage.web_search_requests",
            "anthropic.usage.server_tool_use.web_search_requests",
            "gen_ai.usage.server_tool_use.web_search_requests",
            "gen_ai.usage.num_search_queries",
        ),
    ),
}
# Names of the total over all tokens. It is compared with its parts and never priced.
TOTALS = frozenset(
    {"gen_ai.usage.total_tokens", "llm.token_count.total", "llm.usage.total_tokens", "ai.usage.totalTokens"}
)
# What is left of a count when its parts are away, and tools that nobody bills.
_REPEATED = (
    "gen_ai.usage.text.input_tokens gen_ai.usage.text.output_tokens gen_ai.usage.details.text_tokens"
    " ai.usage.inputTokenDetails.noCacheTokens ai.usage.outputTokenDetails.textTokens"
    " anthropic.usage.server_tool_use.web_fetch_requests gen_ai.usage.cost.source gen_ai.usage.speed"
    " anthropic.usage.speed gen_ai.usage.inference_geo anthropic.usage.inference_geo"
)
_FIELD_OF = {name: (field, rank) for field, names in TOKENS.items() for rank, name in enumerate(names)}
_MODAL = {name for group in (_INPUTS, _CACHED, _OUTPUTS) for names in group.values() for name in names}
_METERED = {name for counts in METERS.values() for names in counts for name in names}
_KNOWN = frozenset({*_FIELD_OF, *_MODAL, *_METERED, *TOTALS, *_REPEATED.split()})


def is_of_usage(name: str) -> bool:
    """Whether an attribute says what a call used."""
    return name in _FIELD_OF or ".usage." in name or name.startswith("llm.token_count.")


def has_usage(attributes: dict[str, Any]) -> bool:
    """Whether a span reports tokens of input or output."""
    names = TOKENS["input_tokens"] + TOKENS["output_tokens"]
    counts = (integer(attribute_value(attributes[name])) for name in names if name in attributes)
    return any(type(count) is int and count > 0 for count in counts)


def usage_columns(usage: dict[str, Any], call: dict[str, Any]) -> dict[str, Any]:
    """Counts as the span states them, what it used beside text, and what nobody understands.

    Args:
        call: what is known of the span; ``input_includes_cache``, ``provider`` and attributes of its price are read.

    Raises:
        BadRow: a count is none.
    """
    flat: dict[str, Any] = {}
    ranks: dict[str, int] = {}
    stated: dict[str, set[int]] = defaultdict(set)
    for name, value in usage.items():
        if name in _FIELD_OF:
            field, rank = _FIELD_OF[name]
            if type(count := integer(value)) is int:
                stated[field].add(count)
            if value is not None and value != "" and rank < ranks.get(field, len(_FIELD_OF)):
                flat[field], ranks[field] = value, rank
        elif name in TOTALS and type(count := integer(value)) is int:
            stated["total"].add(count)
    _split_lifetimes(flat)
    units, doubtful = _units(usage, flat, stated, call["input_includes_cache"])
    disagrees = doubtful or _usage_disagrees(flat, units, stated, call["input_includes_cache"])
    total = next(iter(stated["total"])) if len(stated["total"]) == 1 else None
    parts = [_known(flat, name) for name in ("input_tokens", "output_tokens", "reasoning_tokens")]
    if "output_tokens" in flat and reasoning_is_outside(call.get("provider"), *parts, total):
        flat["output_tokens"] = parts[1] + parts[2]
    unknown = {name: usage[name] for name in usage.keys() - _KNOWN}
    counted = {name: value for name, value in unknown.items() if type(integer(value, lenient=True)) is int}
    return {
        **flat,
        "usage_disagrees": disagrees,
        **units.columns(),
        "usage_not_understood": not_understood(unread(counted, _KNOWN)),
        "modifiers": modifiers(call),
    }


def _split_lifetimes(flat: dict[str, Any]) -> None:
    """Cache writes of an hour out of the count of all writes."""
    long_lived, short_lived = flat.pop("ephemeral_1h", None), flat.pop("ephemeral_5m", None)
    if long_lived is None:
        return
    whole, part = integer(flat.get("cache_write_tokens")), integer(long_lived)
    flat["cache_write_1h_tokens"] = long_lived
    if whole is None:
        flat["cache_write_tokens"] = short_lived
    elif type(whole) is int and type(part) is int:
        # A part larger than the whole comes out negative, which is refused as a bad number.
        flat["cache_write_tokens"] = whole - part


def _units(
    usage: dict[str, Any], flat: dict[str, Any], stated: dict[str, set[int]], includes_cache: bool
) -> tuple[Units, bool]:
    units = Units()
    if _MODAL.isdisjoint(usage) and _METERED.isdisjoint(usage):
        return units, False
    cached = _first_of(usage, _CACHED)
    inputs = _first_of(usage, _INPUTS)
    doubtful = add_input_modalities(
        units,
        inputs,
        cached or None,
        whole=_known(flat, "input_tokens") if "input_tokens" in flat and includes_cache else None,
        cached=_known(flat, "cache_read_tokens"),
        written=_known(flat, "cache_write_tokens", "cache_write_1h_tokens"),
    )
    add_output_modalities(units, _first_of(usage, _OUTPUTS))
    for meter, counts in METERS.items():
        for names in counts:
            units.add(meter, _first_stated(usage, names), names[0])
    for names in (*_INPUTS.values(), *_OUTPUTS.values()):
        stated[names[0]] = {count for name in names if type(count := integer(usage.get(name))) is int}
    return units, doubtful


def _first_of(usage: dict[str, Any], names: dict[str, tuple[str, ...]]) -> dict[str, Any]:
    found = {modality: _first_stated(usage, listed) for modality, listed in names.items()}
    return {modality: value for modality, value in found.items() if value is not None}


def _first_stated(usage: dict[str, Any], names: tuple[str, ...]) -> Any:
    return next((usage[name] for name in names if usage.get(name) not in (None, "")), None)


def _known(flat: dict[str, Any], *names: str) -> int:
    """The counts among these fields that are known, together."""
    return sum(count for name in names if type(count := integer(flat.get(name))) is int)


def _usage_disagrees(flat: dict[str, Any], units: Units, stated: dict[str, set[int]], includes_cache: bool) -> bool:
    """Whether the counts of a call contradict each other and can be priced all the same: old and new names of one
    count differ, a part stands without its whole, or a total is not what its parts add up to.

    A part larger than its whole is refused instead (see ``litellm.check_parts``).

    Args:
        stated: what the span says of each count under all its names, and of ``total``.
    """
    if any(len(counts) > 1 for counts in stated.values()):
        return True
    cached = _known(flat, "cache_read_tokens", "cache_write_tokens", "cache_write_1h_tokens")
    inside = units.tokens("input") + (cached if includes_cache else 0)
    if flat.get("input_tokens") is None and inside > 0:
        return True
    if flat.get("output_tokens") is None and units.tokens("output") > 0:
        return True
    whole = _known(flat, "input_tokens", "output_tokens")
    # Emitters that leave cached tokens out of the input differ on whether their total holds them.
    fitting = {whole} if includes_cache else {whole, whole + cached}
    return not stated["total"] <= fitting
