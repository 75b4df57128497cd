"""What LiteLLM logs of a call's use beside text tokens: meters, fees, guardrails, and members that nobody reads."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from orchestration.ingest.paths import opened, short
from orchestration.ingest.values import decimal
from orchestration.sources import guardrail_units
from orchestration.sources.litellm_counts import Usage, first_count, inner, known, token_counts
from orchestration.sources.units import MODALITIES, Units, add_input_modalities, add_output_modalities
from orchestration.sources.usage_members import modifiers, not_understood, unread

# Meters of members at the top of a usage object, in the details of its input and among the tools of the provider; of
# several names of one meter, one.
TOP_METERS = {
    "citation_tokens": "citation",
    "num_search_queries": "web_search",
    "search_units": "searches",
    "pages_processed": "pages",
    "seconds": "input_seconds",
    "prompt_audio_seconds": "input_seconds",
    "duration_seconds": "output_seconds",
    "characters": "input_characters",
}
DETAIL_METERS = {
    "web_search_requests": "web_search",
    "google_maps_grounding_requests": "maps_grounding",
    "tool_use_tokens": "tool_use_input",
    "character_count": "input_characters",
    "audio_length_seconds": "input_seconds",
    "video_length_seconds": "input_seconds",
    "image_count": "images",
}
TOOL_METERS = {"web_search_requests": "web_search", "file_search_requests": "file_search"}
_PREDICTED = ("accepted_prediction_tokens", "rejected_prediction_tokens")
# Meters whose calls LiteLLM adds up in one cost.
_TOOLS = ("web_search", "maps_grounding", "file_search", "tool")


def _known(names: str, *more: str) -> frozenset[str]:
    return frozenset({*names.split(), *more})


_MODAL = frozenset(f"{modality}_tokens" for modality in MODALITIES)
_READ = _known(
    "cached_tokens cached_tokens_details text_tokens initial_prompt_tokens cache_write_tokens cache_creation_tokens"
    " cache_creation_token_details",
    *_MODAL,
    *DETAIL_METERS,
)
_CACHED = _known("text_tokens", *_MODAL)
_WRITTEN = _known("reasoning_tokens text_tokens", *_MODAL, *_PREDICTED)
_TOP = _known(
    "prompt_tokens completion_tokens total_tokens input_tokens output_tokens prompt_tokens_details"
    " completion_tokens_details input_tokens_details output_tokens_details cache_read_input_tokens"
    " cache_creation_input_tokens cache_creation cache_creation_token_details reasoning_tokens server_tool_use"
    " service_tier speed inference_geo data_residency search_context_size iterations cost is_byok cost_details"
    " cost_in_usd_ticks prompt_cache_hit_tokens prompt_cache_miss_tokens queue_time prompt_time completion_time"
    " total_time type object",
    *TOP_METERS,
)
_SERVER_TOOLS = _known("web_fetch_requests tool_search_requests", *TOOL_METERS)
_BREAKDOWN = _known(
    "service_tier data_residency vertex_location input_cost cache_read_cost cache_creation_cost output_cost"
    " reasoning_cost total_cost tool_usage_cost guardrail_cost additional_costs original_cost discount_percent"
    " discount_amount margin_percent margin_fixed_amount margin_total_amount"
)


def usage_columns(
    row: dict[str, Any], metadata: dict[str, Any], usage: dict[str, Any], breakdown: dict[str, Any], status: Any
) -> dict[str, Any]:
    """Counts as the row states them, what it used beside text, and what nobody understands.

    Raises:
        BadRow: a count is none.
    """
    stated = Usage.of(row, metadata, usage, status)
    counts = token_counts(stated)
    units = Units()
    _add_guardrails(units, row, metadata)
    _add_tool(units, row)
    if usage:
        counts["usage_disagrees"] |= _add_modalities(units, stated, counts)
        _add_meters(units, stated)
    if breakdown or "is_byok" in usage:
        _add_fees(units, usage, breakdown)
    places = {name: breakdown[name] for name in ("data_residency", "vertex_location") if breakdown.get(name)}
    return {
        **counts,
        **units.columns(),
        "usage_not_understood": _not_understood(stated, breakdown),
        "modifiers": modifiers({**usage, **places} if places else usage),
    }


def _add_modalities(units: Units, stated: Usage, counts: dict[str, Any]) -> bool:
    """Tokens that are no text; whether it is doubtful how many of them were cached."""
    read, written, call_type = stated.read, stated.written, stated.row.get("call_type")
    outputs = {} if _MODAL.isdisjoint(written) else _by_modality(written)
    if type(call_type) is str and "image" in call_type and outputs.keys().isdisjoint(["image"]):
        # All that a call for an image answers with is the image, unless its details tell text apart.
        outputs["image"] = None if "text_tokens" in written else counts["completion_tokens"] or None
    if outputs:
        add_output_modalities(units, outputs)
    for name in _PREDICTED:
        units.add("predicted_output", written.get(name), name)
    cached = inner(read, "cached_tokens_details")
    if _MODAL.isdisjoint(read) and not cached:
        return False
    return add_input_modalities(
        units,
        _by_modality(read),
        _by_modality(cached) if cached else None,
        whole=known(counts["prompt_tokens"]),
        cached=known(counts["cache_read_tokens"]),
        written=known(counts["cache_write_tokens"]) + known(counts["cache_write_1h_tokens"]),
    )


def _by_modality(details: dict[str, Any]) -> dict[str, Any]:
    return {modality: value for modality in MODALITIES if (value := details.get(f"{modality}_tokens")) is not None}


def _add_meters(units: Units, stated: Usage) -> None:
    found: dict[str, list[Any]] = {}
    tools = inner(stated.usage, "server_tool_use")
    for holder, meters in ((stated.usage, TOP_METERS), (stated.read, DETAIL_METERS), (tools, TOOL_METERS)):
        for name in holder.keys() & meters.keys():
            found.setdefault(meters[name], []).append(holder[name])
    for meter, quantities in found.items():
        units.add(meter, first_count(*quantities), meter)


def _add_fees(units: Units, usage: dict[str, Any], breakdown: dict[str, Any]) -> None:
    """Stated money beside the tokens: of tools and guardrails that no count says anything of, of the gateway that was
    called with an own key."""
    fees = [*inner(breakdown, "additional_costs").values()]
    if not units.has("guardrail"):
        fees.append(breakdown.get("guardrail_cost"))
    if not any(units.has(meter) for meter in _TOOLS):
        fees.append(breakdown.get("tool_usage_cost"))
    if upstream_cost(usage):
        fees.append(usage.get("cost"))
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


def _add_guardrails(units: Units, row: dict[str, Any], metadata: dict[str, Any]) -> None:
    """Units of every guardrail that checked the call. What it found, which stands beside them, is not looked at."""
    entries = opened(row.get("guardrail_information")) or opened(metadata.get("guardrail_information"))
    for entry in entries if type(entries) is list else [entries]:
        if type(entry) is dict and entry.get("guardrail_usage"):
            provider = short(entry.get("guardrail_provider")) or "unknown"
            guardrail_units.add_usage(units, provider.lower().partition("/")[0], entry["guardrail_usage"])


def _add_tool(units: Units, row: dict[str, Any]) -> None:
    """The tool of an MCP server that a call ran: such a row reaches no model."""
    if row.get("call_type") == "call_mcp_tool" and (name := short(row.get("mcp_namespaced_tool_name"))):
        units.add("tool", 1, "mcp_namespaced_tool_name", provider="tools", model=name)


def _not_understood(stated: Usage, breakdown: dict[str, Any]) -> str | None:
    usage, read = stated.usage, stated.read
    holders = [
        (usage, _TOP, ""),
        (read, _READ, "input."),
        (stated.written, _WRITTEN, "output."),
        (breakdown, _BREAKDOWN, "cost_breakdown."),
        (inner(read, "cached_tokens_details"), _CACHED, "cached."),
        (inner(usage, "server_tool_use"), _SERVER_TOOLS, "server_tool_use."),
    ]
    if all(holder.keys() <= names for holder, names, _ in holders):
        return None
    return not_understood(name for holder, names, path in holders for name in unread(holder, names, path))
