"""LiteLLM: rows of the spend-log table and standard logging payloads, flattened to one shape."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.ingest.batches import Batch, Objects
from orchestration.ingest.family import Family, each_of, one_a_line
from orchestration.ingest.fields import fields
from orchestration.ingest.frames import Field, Frame, ParseContext, Problems, typed_column
from orchestration.ingest.paths import BadRow, short
from orchestration.ingest.privacy import MAX_RESCUED_TEXT, is_label, is_private, to_json
from orchestration.ingest.reasons import BAD_TIME, BAD_VALUE, INCONSISTENT_TOKENS, UNKNOWN_SHAPE, Bad
from orchestration.ingest.values import CONTROL, decimal, integer
from orchestration.sources import connections, tables
from orchestration.sources.flat_rows import PLACED
from orchestration.sources.litellm_counts import inner
from orchestration.sources.litellm_usage import upstream_cost, usage_columns
from orchestration.sources.native import TASK_CLASSES, rescue
from orchestration.sources.places import PLACED_FIELDS, GatewayPlaces
from orchestration.sources.units import unit_arrays

FIELDS: tuple[Field, ...] = fields(
    "shape call_id:id! litellm_call_id:id retried_call_id:id trace_id:id session_id:id call_type? status:word!"
    " error_class? error_code? model model_group custom_llm_provider deployment started_at:time! ended_at:time"
    " prompt_tokens:integer! completion_tokens:integer! cache_read_tokens:integer cache_write_tokens:integer"
    " cache_write_1h_tokens:integer reasoning_tokens:integer region usage_disagrees:boolean"
    " cache_hit:boolean? spend:money service_tier attempted_retries:integer? attempted_fallbacks:integer?" + PLACED,
    status=frozenset({"success", "failure"}),
    task_class=TASK_CLASSES,
)
# Everything that LiteLLM itself writes at the top of a row; what is not used is dropped, and only fields that a
# company added itself are rescued.
_KNOWN = (
    "request_id call_type api_key spend total_tokens prompt_tokens completion_tokens startTime endTime "
    "request_duration_ms completionStartTime model model_id model_group custom_llm_provider api_base user "
    "metadata cache_hit cache_key request_tags team_id organization_id end_user requester_ip_address messages "
    "response session_id status mcp_namespaced_tool_name billing_agent_id agent_id proxy_server_request "
    "litellm_call_id created_at updated_at cost_finalized id trace_id stream response_cost cost_breakdown "
    "autorouter_savings autorouter_savings_estimate autorouter_baseline_observation "
    "response_cost_failure_debug_info zero_cost_diagnostic status_fields response_time model_map_information "
    "saved_cache_cost request_model_access_groups user_agent error_str error_information model_parameters "
    "hidden_params guardrail_information standard_built_in_tools_params"
)
KNOWN = frozenset(_KNOWN.split())
_READ_COLUMNS = KNOWN - {"response", "proxy_server_request", "api_key", "user", "end_user", "requester_ip_address"}
_ATTEMPT = re.compile("(.+)-attempt-[0-9]{1,6}")
# A failed call that cost nothing: its tokens are the gateway's own estimate.
_NOTHING_BILLED: dict[str, Any] = {"prompt_tokens": 0, "completion_tokens": 0, "usage_disagrees": False}
_EMPTY_BODIES = ("", "{}", "[]", "null", {}, [])


class _BadMember(Exception):
    """A member that should hold an object holds something else."""

    def __init__(self, field: str, value: Any) -> None:
        super().__init__(field)
        self.field = field
        self.value = value


class LiteLLMParser:
    """Parser of ``litellm.calls``. See ``frames.Parser``."""

    def __init__(self, context: ParseContext) -> None:
        self._context = context
        self._places = {
            field: [_Place.parse(place, field) for place in context.places.of(field)] for field in PLACED_FIELDS
        }
        self._holders = {place.holder for places in self._places.values() for place in places}

    def wants(self, name: str) -> bool:
        return name in _READ_COLUMNS or (name not in KNOWN and not is_private(name))

    def parse(self, batch: Batch, *, lenient_numbers: bool) -> Frame:
        problems = Problems()
        flat_rows = []
        for place, row in enumerate(batch.values.objects()):
            try:
                flat = self._flatten(row)
            except _BadMember as bad:
                problems.add(place, BAD_VALUE, bad.field, bad.value)
                flat = {}
            except BadRow as bad:
                problems.add(place, bad.reason, bad.field, bad.value)
                flat = {}
            if isinstance(flat, Bad):
                problems.add(place, flat, "request_id")
                flat = {}
            flat_rows.append(flat)
        rows = Objects(flat_rows)
        columns: dict[str, pa.Array] = {
            field.name: typed_column(
                field,
                rows.column(field.name),
                problems,
                latest=self._context.latest,
                lenient=lenient_numbers,
                # LiteLLM writes its times in UTC, and its database and CSV export show them without an offset.
                naive_is_utc=True,
            )
            for field in FIELDS
        }
        columns |= unit_arrays(flat_rows)
        _check(columns, problems)
        columns["attributes"] = pa.array(rows.column("attributes"), pa.string())
        columns["_rescued"], _ = rescue(batch.values, KNOWN)
        return problems.split(columns, batch, self._context.hasher)

    def _flatten(self, row: dict[str, Any]) -> dict[str, Any] | Bad:
        if "request_id" in row or "spend" in row:
            shape, call_id, spend = "spend_log", row.get("request_id"), row.get("spend")
        elif "response_cost" in row or ("id" in row and "startTime" in row):
            shape, call_id, spend = "payload", row.get("id"), row.get("response_cost")
        else:
            return UNKNOWN_SHAPE
        metadata = _object(row, "metadata")
        hidden = _object(row, "hidden_params")
        usage = (
            _object(metadata, "usage_object")
            or _object(hidden, "usage_object")
            or inner(metadata, "additional_usage_values")
        )
        breakdown = _object(row, "cost_breakdown") or _object(metadata, "cost_breakdown")
        error = _object(row, "error_information") or _object(metadata, "error_information")
        status = row.get("status") or metadata.get("status") or ("failure" if error else "success")
        tags = _tags(row.get("request_tags"))
        cache_hit = _cache_hit(row.get("cache_hit"))
        cost = _spend(spend, breakdown, usage, cache_hit, row)
        flat = {
            "shape": shape,
            "call_id": call_id,
            "litellm_call_id": row.get("litellm_call_id") or metadata.get("litellm_call_id"),
            "retried_call_id": _retried_call_id(call_id, status, metadata),
            "trace_id": row.get("trace_id"),
            "session_id": row.get("session_id"),
            "call_type": row.get("call_type"),
            "status": status,
            "error_class": error.get("error_class"),
            "error_code": error.get("error_code"),
            "model": row.get("model") or row.get("model_group"),
            "model_group": row.get("model_group"),
            "custom_llm_provider": row.get("custom_llm_provider"),
            "deployment": _deployment(row, metadata, hidden),
            "started_at": row.get("startTime"),
            "ended_at": row.get("endTime"),
            "region": _region(breakdown),
            "cache_hit": cache_hit,
            "spend": cost,
            "service_tier": "batch"
            if _is_batch(row, metadata, hidden)
            else served_tier(usage.get("service_tier") or breakdown.get("service_tier") or hidden.get("service_tier")),
            "attempted_retries": metadata.get("attempted_retries"),
            "attempted_fallbacks": metadata.get("attempted_fallbacks"),
            "attributes": _attributes(row, metadata, tags),
            **(
                _NOTHING_BILLED
                if status == "failure" and _is_zero(cost)
                else usage_columns(row, metadata, usage, breakdown, status)
            ),
        }
        opened = {**row, "metadata": metadata}
        # Fields share the objects that they stand in.
        holders = {path: _held_at(opened, path) for path in self._holders}
        for field, places in self._places.items():
            found = None
            for place in places:
                found = place.find(holders[place.holder], tags)
                if found is not None:
                    break
            flat[field] = found
        if flat["prompt_hash"] is None and row.get("messages") not in _EMPTY_BODIES:
            flat["prompt_hash"] = self._context.hasher.of_prompt(row.get("messages"))
        return flat


def _is_batch(row: dict[str, Any], *holders: dict[str, Any]) -> bool:
    """Whether a row stands for a finished batch: LiteLLM logs its usage with the call that fetched it, and states no
    tier."""
    call_type = row.get("call_type")
    return (type(call_type) is str and call_type.endswith("retrieve_batch")) or any(
        holder.get("batch_models") for holder in holders
    )


def _deployment(row: dict[str, Any], metadata: dict[str, Any], hidden: dict[str, Any]) -> str | None:
    """The deployment that the router called; None where its provider served from pay-as-you-go capacity instead."""
    headers = inner(hidden, "additional_headers")
    if metadata.get("azure_spillover") or str(headers.get("llm_provider-x-ms-is-spilled-over")).lower() == "true":
        return None
    return short(row.get("model_id")) or short(hidden.get("model_id"))


def _retried_call_id(call_id: Any, status: Any, metadata: dict[str, Any]) -> str | None:
    """The call that a failed row is an attempt of. LiteLLM writes the last attempt under the call's own id, and earlier
    ones that were billed as ``<id>-attempt-<number>``."""
    if status != "failure" or type(call_id) is not str:
        return None
    retries = (integer(metadata.get(name)) for name in ("attempted_retries", "attempted_fallbacks"))
    last = any(type(count) is int and count > 0 for count in retries)
    match = _ATTEMPT.fullmatch(call_id)
    return match[1] if match else call_id if last else None


def _region(breakdown: dict[str, Any]) -> str | None:
    """The region whose prices LiteLLM took: where the data had to stay, else where Vertex served. Google's global
    endpoint is no region."""
    location = short(breakdown.get("vertex_location"))
    served = None if location is None or location.lower() == "global" else location
    return short(breakdown.get("data_residency")) or served


def _object(row: dict[str, Any], name: str) -> dict[str, Any]:
    """A member that is an object or JSON text of one; empty when it is absent, null or blank."""
    value = row.get(name)
    if type(value) is str and value.strip():
        try:
            value = orjson.loads(value)
        except ValueError:
            raise _BadMember(name, value) from None
    if value is None or value == "":
        return {}
    if type(value) is not dict:
        raise _BadMember(name, value)
    return value


def _cache_hit(value: Any) -> Any:
    """The spend-log table stores the text of a Python value."""
    return None if value == "None" else value


def _used_tokens(row: dict[str, Any]) -> bool:
    counts = (integer(row.get(name), lenient=True) for name in ("prompt_tokens", "completion_tokens"))
    return any(type(count) is int and count > 0 for count in counts)


def _is_zero(spend: Any) -> bool:
    amount = decimal(spend, scale=12)
    return isinstance(amount, Decimal) and not amount


def _spend(spend: Any, breakdown: dict[str, Any], usage: dict[str, Any], cache_hit: Any, row: dict[str, Any]) -> Any:
    """The spend; where it is 0 although a cost was worked out, as streamed calls are logged, that cost; with a caller's
    own key what the provider took and the gateway's fee together.

    0 where tokens were used and the spend is that of guardrails and built-in tools alone: LiteLLM adds these also to
    the cost of a model that it knows no price of, which is 0.
    """
    if cache_hit is True or str(cache_hit).lower() == "true":
        return spend
    if upstream := upstream_cost(usage):
        fee = decimal(usage.get("cost"), scale=12)
        return upstream + fee if isinstance(fee, Decimal) else upstream
    total = breakdown.get("total_cost")
    if spend in (None, 0, "", "0", "0.0") and type(total) in (int, float) and total > 0:
        spend = total
    besides = [decimal(breakdown.get(name), scale=12) for name in ("guardrail_cost", "tool_usage_cost")]
    known = sum(part for part in besides if isinstance(part, Decimal))
    if not known or not _used_tokens(row):
        return spend
    amount = decimal(spend, scale=12)
    return 0 if isinstance(amount, Decimal) and amount <= known else spend


def served_tier(tier: Any) -> Any:
    """The tier of service in our words: providers call the standard one ``default`` or ``on_demand`` and have renamed
    ``priority``; ``auto`` is what was asked for, not what served."""
    if type(tier) is not str:
        return None
    word = tier.strip().lower()
    return {"default": "standard", "on_demand": "standard", "fast": "priority", "auto": None}.get(word, word)


def _tags(value: Any) -> list[str]:
    if type(value) is str:
        try:
            value = orjson.loads(value)
        except ValueError:
            return []
    tags = value if type(value) is list else []
    return [t for t in tags if type(t) is str and is_label(t)]


class _Place(NamedTuple):
    """Where a field may stand: a name in the object at a path, or else a tag with one of these beginnings."""

    holder: tuple[str, ...]
    name: str
    prefixes: tuple[str, ...]

    @classmethod
    def parse(cls, place: str, field: str) -> _Place:
        *holder, name = place.split(".")
        return cls((), "", (f"{field}:", f"{field}=")) if place == "tag" else cls(tuple(holder), name, ())

    def find(self, holder: dict[str, Any], tags: list[str]) -> Any:
        """The value here; None when there is none or it is empty."""
        if self.prefixes:
            for tag in tags:
                if tag.startswith(self.prefixes):
                    return tag[len(self.prefixes[0]) :] or None
            return None
        value = holder.get(self.name)
        return None if value == "" else value


def _held_at(value: Any, path: tuple[str, ...]) -> dict[str, Any]:
    """The object at a path, empty when there is none. Objects on the way may be JSON text."""
    for name in (*path, None):
        if type(value) is str and value.startswith("{"):
            try:
                value = orjson.loads(value)
            except ValueError:
                return {}
        if type(value) is not dict:
            return {}
        if name is not None:
            value = value.get(name)
    return value


def _attributes(row: dict[str, Any], metadata: dict[str, Any], tags: list[str]) -> str | None:
    """What mapping rules may look at. No user, no key, no address."""
    found = {
        "team_id": row.get("team_id") or metadata.get("user_api_key_team_id"),
        "team_alias": metadata.get("user_api_key_team_alias"),
        "key_alias": metadata.get("user_api_key_alias"),
        "org_id": row.get("organization_id") or metadata.get("user_api_key_org_id"),
        "model_group": row.get("model_group"),
    }
    named = [(name, value) for name, value in found.items() if type(value) is str and value]
    return _attributes_json(tuple(named), tuple(tags))


@lru_cache(maxsize=10_000)
def _attributes_json(named: tuple[tuple[str, str], ...], tags: tuple[str, ...]) -> str | None:
    """One text for the many calls of a team with the same tags."""
    kept: dict[str, Any] = {
        name: value for name, value in named if len(value) <= MAX_RESCUED_TEXT and not CONTROL.search(value)
    }
    if tags:
        kept["tags"] = tags
    return to_json(kept) if kept else None


def _check(columns: dict[str, pa.Array], problems: Problems) -> None:
    problems.add_where(pc.less(columns["ended_at"], columns["started_at"]), BAD_TIME, "ended_at")
    check_parts(columns, problems, whole="prompt_tokens", output="completion_tokens")


def check_parts(
    columns: dict[str, pa.Array], problems: Problems, *, whole: str, output: str, includes_cache: Any = True
) -> None:
    """Parts of the input (the cached ones where it includes them) and of the output must not exceed it: what is left
    after taking them away is priced, and must not be negative."""

    def known(name: str) -> pa.Array:
        return pc.fill_null(columns[name], 0)

    cached = pc.add(pc.add(known("cache_read_tokens"), known("cache_write_tokens")), known("cache_write_1h_tokens"))
    within = pc.if_else(includes_cache, cached, 0)
    parts = pc.add(within, known("unit_input_tokens"))
    problems.add_where(pc.greater(parts, columns[whole]), INCONSISTENT_TOKENS, whole)
    in_cache = pc.greater(known("unit_cache_read_tokens"), known("cache_read_tokens"))
    problems.add_where(in_cache, INCONSISTENT_TOKENS, "cache_read_tokens")
    beside_text = columns["unit_output_tokens"]
    problems.add_where(pc.greater(beside_text, columns[output]), INCONSISTENT_TOKENS, output)
    # Reasoning is taken from what other meters leave of the output; without an output there is nothing to take it from.
    left = pc.max_element_wise(pc.subtract(known(output), pc.fill_null(beside_text, 0)), 0)
    problems.add_where(pc.greater(columns["reasoning_tokens"], left), INCONSISTENT_TOKENS, "reasoning_tokens")


SOURCE = Family(
    name="litellm",
    description="LiteLLM spend-log rows (JSON lines or CSV) and standard logging payloads (JSON lines)",
    tables=(tables.CALLS,),
    needed=each_of("request_id", "startTime", "model", "prompt_tokens", "completion_tokens"),
    make_parser=LiteLLMParser,
    fields=FIELDS,
    layout=one_a_line("request_id", "id", "startTime", "model"),
    connected=(
        connections.of_attempts(
            tables.CALLS,
            connections.attempt("call_id"),
            connections.attempt("retried_call_id"),
            connections.trace("coalesce(trace_id, session_id)"),
            counts_searches=True,
        ),
    ),
    has_retry_window=False,
    places=GatewayPlaces(),
)
