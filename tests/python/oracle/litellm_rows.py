"""LiteLLM's spend-log rows and standard logging payloads as attempts."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from .fields import count, instant, label, money, not_before, text
from .landing_files import BadRow, Row, parse_json
from .modalities import by_kind, input_units, output_units, price_attributes, tokens_of
from .records import Attempt

# First word found decides; compared without case.
ERROR_WORDS = (
    ("timeout", "timeout"),
    ("ratelimit", "rate_limited"),
    ("contentpolicy", "blocked"),
    ("blocked", "blocked"),
    ("guardrail", "blocked"),
)
STANDARD_TIERS = (None, "default", "auto")


def attempt_of(row: Row, source: str) -> Attempt:
    """A gateway row of either shape.

    Raises:
        BadRow: the row must be quarantined.
    """
    is_payload = "id" in row and "request_id" not in row
    metadata = _object(row.get("metadata"))
    usage = _object(metadata.get("usage_object")) or _object(_object(row.get("hidden_params")).get("usage_object"))
    started_at, ended_at = _time(row, "startTime", needed=True), _time(row, "endTime")
    not_before(started_at, ended_at, "endTime")
    breakdown = _object(row.get("cost_breakdown")) or _object(metadata.get("cost_breakdown"))
    stated = money(row, "response_cost" if is_payload else "spend")
    tokens = _tokens(row, metadata, usage, stated or money(breakdown, "total_cost") or stated)
    tokens["units"] = tokens.get("units", {}) | _fees(usage, breakdown, tokens.get("units", {}))
    tier = text(breakdown, "service_tier") or text(usage, "service_tier")
    provider, model = _provider_and_model(row)
    tags = [str(tag) for tag in _list(row.get("request_tags"))]
    named = _places(metadata, tags)
    return Attempt(
        source=source,
        family="litellm",
        attempt_id=text(row, "id" if is_payload else "request_id", needed=True),
        started_at=started_at,
        ended_at=ended_at,
        status=_status(row, metadata),
        provider=provider,
        model=model,
        service_tier="standard" if tier in STANDARD_TIERS else tier,
        **tokens,
        modifiers=price_attributes(
            usage | {name: breakdown.get(name) for name in ("data_residency", "vertex_location")}
        ),
        cache_hit=str(row.get("cache_hit")).lower() == "true",
        prompt_hash=label(text, named, "prompt_hash"),
        outcome_id=label(text, named, "outcome_id"),
        named_use_case=label(text, named, "use_case"),
        experiment=label(text, named, "experiment"),
        logged_cost=_logged_cost(row, breakdown, usage, is_payload),
        logged_currency="USD",
        # The spend-log table keeps the trace under the name of the session.
        trace_id=text(row, "trace_id")
        or (None if is_payload else text(row, "session_id"))
        or _retried_call(row, metadata, text(row, "id" if is_payload else "request_id", needed=True)),
        hidden_retries=any((count(metadata, name) or 0) > 0 for name in ("attempted_retries", "attempted_fallbacks")),
        attributes={
            "team_id": text(row, "team_id") or text(metadata, "user_api_key_team_id"),
            "team_alias": text(metadata, "user_api_key_team_alias"),
            "key_alias": text(metadata, "user_api_key_alias"),
            "model_group": text(row, "model_group"),
            "tag": tags,
        },
    )


def _retried_call(row: Row, metadata: Row, own_id: str) -> str | None:
    """What attempts of one call have in common that was retried in vain: its id, before ``-attempt-`` and a number."""
    if _status(row, metadata) == "success":
        return None
    name, _, number = own_id.rpartition("-attempt-")
    if name and number.isdigit():
        return name
    was_retried = any(count(metadata, counted) for counted in ("attempted_retries", "attempted_fallbacks"))
    return own_id if was_retried else None


def _object(value: Any) -> Row:
    """An object given as such or as JSON text; anything else is empty."""
    if isinstance(value, str) and value.strip():
        try:
            value = parse_json(value)
        except ValueError:
            raise BadRow("bad_json in a column") from None
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    if isinstance(value, str) and value.strip():
        try:
            value = parse_json(value)
        except ValueError:
            raise BadRow("bad_json in a column") from None
    return value if isinstance(value, list) else []


def _time(row: Row, name: str, *, needed: bool = False) -> Any:
    # The tables hold UTC; some exports leave the offset out.
    return instant(row, name, needed=needed, naive_is_utc=True)


def _status(row: Row, metadata: Row) -> str:
    status = text(row, "status") or text(metadata, "status") or "success"
    if status == "success":
        return "success"
    if status != "failure":
        raise BadRow("bad_value status")
    information = _object(row.get("error_information")) or _object(metadata.get("error_information"))
    error_class = (text(information, "error_class") or "").lower()
    return next((known for word, known in ERROR_WORDS if word in error_class), "error")


def _provider_and_model(row: Row) -> tuple[str | None, str | None]:
    provider, model = text(row, "custom_llm_provider"), text(row, "model")
    if model and "/" in model:
        prefix, _, rest = model.partition("/")
        if provider in (None, prefix):
            return prefix, rest
    return provider, model


def _logged_cost(row: Row, breakdown: Row, usage: Row, is_payload: bool) -> Any:
    """The logged cost; 0 says nothing here, because unknown models and some streams are logged with it."""
    if upstream := _paid_upstream(usage):
        return upstream + (money(usage, "cost") or 0)
    cost = money(row, "response_cost" if is_payload else "spend") or money(breakdown, "total_cost")
    beside_model = (money(breakdown, "guardrail_cost") or 0) + (money(breakdown, "tool_usage_cost") or 0)
    used_tokens = any(count(row, name) for name in ("prompt_tokens", "completion_tokens"))
    if cost == beside_model and used_tokens and str(row.get("cache_hit")).lower() != "true":
        return None
    return cost or None


def _tokens(row: Row, metadata: Row, usage: Row, cost: Any) -> dict[str, Any]:
    if _status(row, metadata) != "success" and cost == 0:
        # The gateway's estimate of a call that nobody billed.
        return {"input_tokens": 0, "output_tokens": 0}
    extra = _object(metadata.get("additional_usage_values"))
    prompt = (
        _object(usage.get("prompt_tokens_details"))
        or _object(extra.get("prompt_tokens_details"))
        or _object(usage.get("input_tokens_details"))
    )
    completion = _object(usage.get("completion_tokens_details")) or _object(extra.get("completion_tokens_details"))
    by_lifetime = _object(prompt.get("cache_creation_token_details"))

    read = _first((prompt, "cached_tokens"), (usage, "cache_read_input_tokens"), (extra, "cache_read_input_tokens"))
    written = _first(
        (prompt, "cache_write_tokens"),
        (prompt, "cache_creation_tokens"),
        (usage, "cache_creation_input_tokens"),
        (extra, "cache_creation_input_tokens"),
    )
    written_1h = count(by_lifetime, "ephemeral_1h_input_tokens")
    if written is None:
        written = _sum(count(by_lifetime, "ephemeral_5m_input_tokens"), written_1h)
    short = None if written is None else written - (written_1h or 0)
    total_in, total_out = count(row, "prompt_tokens") or 0, count(row, "completion_tokens") or 0
    if not total_in and not total_out:
        # Image calls use the names of the Responses API.
        total_in, total_out = count(usage, "input_tokens") or 0, count(usage, "output_tokens") or 0
    reasoning = count(completion, "reasoning_tokens")
    if reasoning and _leaves_reasoning_out(row, total_in + total_out + reasoning):
        total_out += reasoning
    units = input_units(
        by_kind(prompt),
        by_kind(_object(prompt.get("cached_tokens_details"))),
        whole=total_in,
        cached=read or 0,
        written=written or 0,
    ) | output_units(by_kind(completion))
    is_image = "image" in (text(row, "call_type") or "")
    if (
        is_image
        and count(completion, "image_tokens") is None
        and count(completion, "text_tokens") is None
        and total_out
    ):
        units["image_output"] = Decimal(total_out)
    predicted = [count(completion, f"{kind}_prediction_tokens") or 0 for kind in ("accepted", "rejected")]
    searches = _first((_object(usage.get("server_tool_use")), "web_search_requests"), (prompt, "web_search_requests"))
    others = {"predicted_output": sum(predicted), "web_search": searches, "citation": count(usage, "citation_tokens")}
    units |= {meter: Decimal(number) for meter, number in others.items() if number}
    uncached = total_in - (read or 0) - (written or 0) - tokens_of(units, "input")
    text_out = total_out - tokens_of(units, "output") - sum(predicted)
    if uncached < 0 or (short or 0) < 0 or text_out < (reasoning or 0):
        raise BadRow("token_parts_above_total")
    return {
        "input_tokens": uncached,
        "cache_read_tokens": None if read is None else read - tokens_of(units, "cache_read"),
        "cache_write_tokens": short,
        "cache_write_1h_tokens": written_1h,
        "output_tokens": text_out,
        "reasoning_tokens": reasoning,
        "units": units,
    }


def _leaves_reasoning_out(row: Row, with_reasoning: int) -> bool:
    return row.get("custom_llm_provider") == "perplexity" or count(row, "total_tokens") == with_reasoning


def _fees(usage: Row, breakdown: Row, units: dict[str, Decimal]) -> dict[str, Decimal]:
    """Money that is stated beside tokens and units: of tools that nobody counted, of a gateway with an own key."""
    fees = [] if "web_search" in units else [money(breakdown, "tool_usage_cost")]
    fees += [money(breakdown, "guardrail_cost")]
    if _paid_upstream(usage):
        fees.append(money(usage, "cost"))
    total = sum(fee for fee in fees if fee)
    return {"fee": Decimal(total)} if total else {}


def _paid_upstream(usage: Row) -> Decimal | None:
    """What the provider took on the caller's own key."""
    return money(_object(usage.get("cost_details")), "upstream_inference_cost") if usage.get("is_byok") else None


def _first(*places: tuple[Row, str]) -> int | None:
    return next((value for value in (count(row, name) for row, name in places) if value is not None), None)


def _sum(*values: int | None) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _places(metadata: Row, tags: list[str]) -> Row:
    """What the caller said about the call: its own metadata first, then tags such as ``use_case:billing``."""
    named: Row = {}
    for tag in reversed(tags):
        match = re.fullmatch(r"([a-z_]+)[:=](.*)", tag)
        if match:
            named[match[1]] = match[2]
    for place in ("requester_metadata", "spend_logs_metadata"):
        named |= {name: value for name, value in _object(metadata.get(place)).items() if value not in (None, "")}
    return named
