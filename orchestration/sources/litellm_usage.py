"""LiteLLM's usage objects: token counts, units and attributes under the names of all providers that it passes on."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, NamedTuple

from orchestration.ingest.paths import opened, short
from orchestration.ingest.reasons import Bad
from orchestration.ingest.values import decimal, integer
from orchestration.sources import guardrail_units
from orchestration.sources.iterations import extra_counts
from orchestration.sources.units import (
    MODALITIES,
    Units,
    add_input_modalities,
    add_output_modalities,
    reasoning_is_outside,
)
from orchestration.sources.usage_members import modifiers, not_understood, unread

LONG_LIVED = "ephemeral_1h_input_tokens"
_LIFETIME = re.compile("ephemeral_([0-9]{1,6})([sm])_input_tokens")
# The same details in OpenAI's words and in those of its Responses and image calls.
_READ = ("prompt_tokens_details", "input_tokens_details")
_WRITTEN = ("completion_tokens_details", "output_tokens_details")
# Meters of members at the top of a usage object and in the details of its input; of several names of one meter, one.
_TOP_METERS = {
    "citation_tokens": "citation",
    "num_search_queries": "web_search",
    "search_units": "searches",
    "pages_processed": "pages",
    "seconds": "input_seconds",
    "duration_seconds": "output_seconds",
    "characters": "input_characters",
}
_DETAIL_METERS = {
    "web_search_requests": "web_search",
    "google_maps_grounding_requests": "maps_grounding",
    "tool_use_tokens": "tool_use_input",
    "character_count": "input_characters",
    "audio_length_seconds": "input_seconds",
    "video_length_seconds": "input_seconds",
    "image_count": "images",
}
_TOOL_METERS = {"web_search_requests": "web_search", "file_search_requests": "file_search"}
_PREDICTED = ("accepted_prediction_tokens", "rejected_prediction_tokens")
_KNOWN = {
    "": "prompt_tokens completion_tokens total_tokens input_tokens output_tokens prompt_tokens_details"
    " completion_tokens_details input_tokens_details output_tokens_details cache_read_input_tokens"
    " cache_creation_input_tokens cache_creation cache_creation_token_details reasoning_tokens server_tool_use"
    " service_tier speed inference_geo data_residency search_context_size iterations cost is_byok cost_details"
    " prompt_cache_hit_tokens prompt_cache_miss_tokens queue_time prompt_time completion_time total_time type object",
    "input": "cached_tokens cached_tokens_details text_tokens audio_tokens image_tokens video_tokens"
    " initial_prompt_tokens cache_write_tokens cache_creation_tokens cache_creation_token_details",
    "cached": "text_tokens audio_tokens image_tokens video_tokens",
    "output": "reasoning_tokens text_tokens audio_tokens image_tokens video_tokens",
    "tools": "web_fetch_requests tool_search_requests",
    "breakdown": "service_tier data_residency vertex_location input_cost cache_read_cost cache_creation_cost"
    " output_cost reasoning_cost total_cost tool_usage_cost guardrail_cost additional_costs original_cost"
    " discount_percent discount_amount margin_percent margin_fixed_amount margin_total_amount",
}
_SETS = {name: frozenset(names.split()) for name, names in _KNOWN.items()}
_SETS[""] |= _TOP_METERS.keys()
_SETS["input"] |= _DETAIL_METERS.keys()
_SETS["output"] |= frozenset(_PREDICTED)
_SETS["tools"] |= _TOOL_METERS.keys()


class Call(NamedTuple):
    """The parts of a row that its usage and cost are read from; objects are empty where there is none."""

    row: dict[str, Any]
    metadata: dict[str, Any]
    usage: dict[str, Any]
    breakdown: dict[str, Any]
    status: Any


def inner(holder: dict[str, Any], *names: str) -> dict[str, Any]:
    """The first of these members that is an object with something in it; else an empty one."""
    return next((value for name in names if type(value := holder.get(name)) is dict and value), {})


def usage_columns(call: Call) -> dict[str, Any]:
    """Counts as the row states them, what it used beside text, and what nobody understands.

    Where an output leaves out its reasoning, or the counts what a compaction used, these are added.

    Raises:
        BadRow: a count is none.
    """
    usage = call.usage
    read, written = inner(usage, *_READ), inner(usage, *_WRITTEN)
    prompt, completion = call.row.get("prompt_tokens"), call.row.get("completion_tokens")
    is_image_shape = not any(_is_some(integer(value, lenient=True)) for value in (prompt, completion))
    is_image_shape = is_image_shape and bool(usage.get("input_tokens") or usage.get("output_tokens"))
    if is_image_shape:
        prompt, completion = usage.get("input_tokens"), usage.get("output_tokens")
    elif call.status == "failure":
        # A failed call that reports no tokens had none; a successful one must report them.
        prompt, completion = (0 if value is None else value for value in (prompt, completion))
    counts = {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "cache_read_tokens": _first_count(*_stated_reads(call)),
        **_cache_writes(call),
        "reasoning_tokens": _first_count(written.get("reasoning_tokens"), usage.get("reasoning_tokens")),
    }
    numbers = {name: value if type(value := integer(stated, lenient=True)) is int else None
               for name, stated in counts.items()}  # fmt: skip
    disagrees = _usage_disagrees(call, prompt, completion, has_own_names=not is_image_shape)
    if _leaves_reasoning_out(call, numbers):
        counts["completion_tokens"] = numbers["completion_tokens"] + numbers["reasoning_tokens"]
        disagrees = False
    _add_iterations(counts, numbers, usage)
    units = Units()
    if usage or call.breakdown or read:
        modal = {modality: read.get(f"{modality}_tokens") for modality in MODALITIES}
        cached = inner(read, "cached_tokens_details")
        disagrees |= add_input_modalities(
            units,
            modal,
            {modality: cached.get(f"{modality}_tokens") for modality in MODALITIES} if cached else None,
            whole=numbers["prompt_tokens"],
            cached=numbers["cache_read_tokens"],
            written=(numbers["cache_write_tokens"] or 0) + (numbers["cache_write_1h_tokens"] or 0),
        )
        _add_outputs(units, call, written, completion)
        _add_meters(units, usage, read)
        _add_fees(units, call)
    _add_guardrails(units, call)
    return {
        **counts,
        "usage_disagrees": disagrees,
        **units.columns(),
        "usage_not_understood": _not_understood(call, read, written),
        "modifiers": modifiers({**usage, "data_residency": call.breakdown.get("data_residency")}),
    }


def _leaves_reasoning_out(call: Call, numbers: dict[str, int | None]) -> bool:
    total = integer(call.row.get("total_tokens"), lenient=True)
    return reasoning_is_outside(
        call.row.get("custom_llm_provider"),
        numbers["prompt_tokens"],
        numbers["completion_tokens"],
        numbers["reasoning_tokens"],
        total if type(total) is int else None,
    )


def _add_iterations(counts: dict[str, Any], numbers: dict[str, int | None], usage: dict[str, Any]) -> None:
    extra = extra_counts(usage, numbers["prompt_tokens"], numbers["completion_tokens"])
    places = {
        "input_tokens": ("prompt_tokens",),
        "cache_read_input_tokens": ("prompt_tokens", "cache_read_tokens"),
        "cache_creation_input_tokens": ("prompt_tokens", "cache_write_tokens"),
        "output_tokens": ("completion_tokens",),
    }
    for name, tokens in extra.items():
        for column in places[name]:
            numbers[column] = counts[column] = (numbers[column] or 0) + tokens


def _add_outputs(units: Units, call: Call, written: dict[str, Any], completion: Any) -> None:
    modal = {modality: written.get(f"{modality}_tokens") for modality in MODALITIES}
    call_type = call.row.get("call_type")
    is_image = type(call_type) is str and "image" in call_type
    if is_image and modal["image"] is None and written.get("text_tokens") is None:
        # All that a call for an image answers with is the image.
        modal["image"] = completion or None
    add_output_modalities(units, modal)
    for name in _PREDICTED:
        units.add("predicted_output", written.get(name), name)


def _add_meters(units: Units, usage: dict[str, Any], read: dict[str, Any]) -> None:
    stated: dict[str, list[Any]] = {}
    places = ((usage, _TOP_METERS), (read, _DETAIL_METERS), (inner(usage, "server_tool_use"), _TOOL_METERS))
    for holder, meters in places:
        for name in holder.keys() & meters.keys():
            stated.setdefault(meters[name], []).append(holder[name])
    for meter, quantities in stated.items():
        units.add(meter, _first_count(*quantities), meter)


def _add_fees(units: Units, call: Call) -> None:
    """Stated money beside the tokens: of tools that no count of calls says anything of, of an own key's gateway."""
    fees = [*inner(call.breakdown, "additional_costs").values()]
    if not any(_is_some(units.of(meter)) for meter in ("web_search", "maps_grounding", "file_search")):
        fees.append(call.breakdown.get("tool_usage_cost"))
    if upstream_cost(call.usage):
        fees.append(call.usage.get("cost"))
    for fee in fees:
        amount = decimal(fee, scale=12)
        if isinstance(amount, Decimal):
            units.add("fee", amount, "fee", currency="USD")


def upstream_cost(usage: dict[str, Any]) -> Decimal | None:
    """What the provider took on the caller's own key, where a gateway says so; its own `cost` is then a fee beside."""
    if usage.get("is_byok") is not True:
        return None
    amount = decimal(inner(usage, "cost_details").get("upstream_inference_cost"), scale=12)
    return amount if isinstance(amount, Decimal) and amount else None


def _add_guardrails(units: Units, call: Call) -> None:
    """Units of every guardrail that checked the call. What it found, which stands beside them, is not looked at."""
    entries = opened(call.row.get("guardrail_information")) or opened(call.metadata.get("guardrail_information"))
    for entry in entries if type(entries) is list else [entries]:
        if type(entry) is dict and entry.get("guardrail_usage"):
            provider = short(entry.get("guardrail_provider")) or "unknown"
            guardrail_units.add_usage(units, provider.lower().partition("/")[0], entry["guardrail_usage"])


def _not_understood(call: Call, read: dict[str, Any], written: dict[str, Any]) -> str | None:
    usage = call.usage
    return not_understood(
        [
            *unread(usage, _SETS[""]),
            *unread(read, _SETS["input"], "input."),
            *unread(inner(read, "cached_tokens_details"), _SETS["cached"], "cached."),
            *unread(written, _SETS["output"], "output."),
            *unread(inner(usage, "server_tool_use"), _SETS["tools"], "server_tool_use."),
            *unread(call.breakdown, _SETS["breakdown"], "cost_breakdown."),
        ]
    )


def _first_count(*counts: Any) -> Any:
    """The first count that is neither absent nor 0: some senders fill only one of several names and set the other
    to 0. Else 0 if it was stated, else None."""
    stated = [count for count in counts if count is not None]
    return next((count for count in stated if count != 0), 0 if stated else None)


def _stated_reads(call: Call) -> list[Any]:
    """Cache reads under all their names: in OpenAI's words, in Anthropic's, and as LiteLLM repeats these."""
    return [
        inner(call.usage, *_READ).get("cached_tokens"),
        call.usage.get("cache_read_input_tokens"),
        inner(call.metadata, "additional_usage_values").get("cache_read_input_tokens"),
    ]


def _stated_writes(call: Call) -> list[Any]:
    """Cache writes of all lifetimes together, under all their names."""
    details = inner(call.usage, *_READ)
    return [
        details.get("cache_write_tokens"),
        details.get("cache_creation_tokens"),
        call.usage.get("cache_creation_input_tokens"),
        inner(call.metadata, "additional_usage_values").get("cache_creation_input_tokens"),
    ]


def _lifetimes(usage: dict[str, Any]) -> dict[str, Any]:
    """Cache writes by how long they live."""
    found = (
        inner(inner(usage, *_READ), "cache_creation_token_details")
        or inner(usage, "cache_creation_token_details")
        or inner(usage, "cache_creation")
    )
    return {name: count for name, count in found.items() if name.startswith("ephemeral_") and count is not None}


def _short_lived(lifetimes: dict[str, Any]) -> Any:
    """Cache writes of every lifetime but an hour; None where none is stated. What is no count is handed on as it is,
    and refused."""
    stated = [count for name, count in lifetimes.items() if name != LONG_LIVED]
    bad = next((count for count in stated if isinstance(integer(count), Bad)), None)
    return bad if bad is not None else sum(integer(count) or 0 for count in stated) if stated else None


def _cache_writes(call: Call) -> dict[str, Any]:
    lifetimes = _lifetimes(call.usage)
    long_lived = lifetimes.get(LONG_LIVED)
    written = _first_count(*_stated_writes(call), None if long_lived else _short_lived(lifetimes))
    return {
        "cache_write_tokens": _without_long_lived(written, long_lived, lifetimes),
        "cache_write_1h_tokens": long_lived,
    }


def _without_long_lived(total: Any, long_lived: Any, lifetimes: dict[str, Any]) -> Any:
    """Cache writes of the short lifetime: the reported total holds both."""
    whole, part = integer(total), integer(long_lived)
    if isinstance(part, Bad) or isinstance(whole, Bad) or part is None:
        return total
    if whole is None:
        return _short_lived(lifetimes)
    # A part larger than the total comes out negative, which is refused as a bad number.
    return whole - part


def _usage_disagrees(call: Call, prompt: Any, completion: Any, *, has_own_names: bool) -> bool:
    """Whether the counts of a row contradict each other, or some of its cache writes have no price of their own."""
    # Senders that fill only one of several names set the others to 0.
    cached = (_stated_reads(call), _stated_writes(call))
    return (
        _total_disagrees(call.row, prompt, completion)
        or any(_names_differ(names) for names in cached)
        or (has_own_names and _differ(prompt, call.usage.get("prompt_tokens")))
        or (has_own_names and _differ(completion, call.usage.get("completion_tokens")))
        or _lifetimes_disagree(call)
    )


def _names_differ(names: list[Any]) -> bool:
    stated = [count for count in names if count]
    return len(stated) > 1 and len({count for count in map(integer, stated) if _is_some(count)}) > 1


def _is_some(count: Any) -> bool:
    return type(count) is int and count > 0


def _differ(one: Any, other: Any) -> bool:
    counts = (integer(one), integer(other))
    return all(type(count) is int for count in counts) and counts[0] != counts[1]


def _total_disagrees(row: dict[str, Any], prompt: Any, completion: Any) -> bool:
    """Whether the row's own total is another than its input and output together; False where it states none."""
    total, *parts = (integer(value) for value in (row.get("total_tokens"), prompt, completion))
    return type(total) is int and total != sum(count for count in parts if type(count) is int)


def _lifetimes_disagree(call: Call) -> bool:
    """Whether the cache writes of the lifetimes are not what is written altogether, or some live longer than an hour,
    for which there is no price. Those of less than an hour are priced as five minutes are."""
    counts = {name: count for name, value in _lifetimes(call.usage).items() if type(count := integer(value)) is int}
    if any(count > 0 and _lives_beyond_an_hour(name) for name, count in counts.items()):
        return True
    whole = integer(_first_count(*_stated_writes(call)))
    # Long-lived ones alone leave the rest of the total to the short lifetime, and zeros alone say nothing.
    told = sum(counts.values()) if counts.keys() - {LONG_LIVED} else 0
    return _is_some(whole) and told > 0 and whole != told


def _lives_beyond_an_hour(name: str) -> bool:
    """Also where the name does not tell."""
    match = _LIFETIME.fullmatch(name)
    return name != LONG_LIVED and not (match and int(match[1]) < (60 if match[2] == "m" else 3_600))
