"""AWS Bedrock: model invocation logs as they lie in S3, and as CloudWatch delivers them."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from orchestration.ingest.batches import Batch
from orchestration.ingest.family import Family
from orchestration.ingest.fields import fields
from orchestration.ingest.frames import Field, Frame, ParseContext, Problems
from orchestration.ingest.json_lines import parse_lines
from orchestration.ingest.layouts import Layout
from orchestration.ingest.paths import (
    BadRow,
    Place,
    at,
    count,
    first,
    first_placed,
    lenient_object,
    not_negative,
    opened,
    plain_members,
    short,
    strict_object,
)
from orchestration.ingest.privacy import is_private, to_json
from orchestration.ingest.reasons import INCONSISTENT_TOKENS, MALFORMED_JSON, UNKNOWN_SHAPE
from orchestration.sources import connections
from orchestration.sources.flat_rows import PLACED, PlacedFields, flattened, frame_of, set_end
from orchestration.sources.gateway_tables import INVOCATIONS
from orchestration.sources.guardrail_units import add_trace
from orchestration.sources.iterations import extra_counts
from orchestration.sources.litellm import served_tier
from orchestration.sources.native import TASK_CLASSES
from orchestration.sources.places import TracedPlaces
from orchestration.sources.units import Units
from orchestration.sources.usage_members import modifiers, not_understood, unread

FIELDS: tuple[Field, ...] = fields(
    "request_id:id! trace_id:id account_id? region inference_region operation model_id! service_tier latency_mode"
    " status error_code stop_reason started_at:time! ended_at:time latency_ms:duration input_tokens:integer"
    " cache_read_tokens:integer cache_write_tokens:integer cache_write_1h_tokens:integer output_tokens:integer"
    " total_tokens:integer usage_disagrees:boolean" + PLACED,
    task_class=TASK_CLASSES,
)
_KNOWN = (
    "schemaType schemaVersion timestamp accountId identity region requestId operation modelId inferenceRegion "
    "errorCode status input output performanceConfig requestMetadata serviceTier"
)
KNOWN = frozenset(_KNOWN.split())
# The same count under the names of the Converse API, of a provider's own body, and of the metrics that end a stream.
_INPUT = ("inputTokens", "input_tokens", "inputTokenCount")
_OUTPUT = ("outputTokens", "output_tokens", "outputTokenCount")
_READ = ("cacheReadInputTokens", "cache_read_input_tokens", "cacheReadInputTokenCount")
_WRITE = ("cacheWriteInputTokens", "cache_creation_input_tokens", "cacheWriteInputTokenCount")
_ITERATED = {
    "input_tokens": "input_tokens",
    "cache_read_input_tokens": "cache_read_tokens",
    "cache_creation_input_tokens": "cache_write_tokens",
    "output_tokens": "output_tokens",
}
_OTHERS = (
    "cacheDetails cache_creation server_tool_use totalTokens total_tokens service_tier serviceTier speed inference_geo"
    " iterations"
)
_LOGGED = frozenset({*_INPUT, *_OUTPUT, *_READ, *_WRITE, "outputImageCount"})
_USAGE = frozenset({*_INPUT, *_OUTPUT, *_READ, *_WRITE, *_OTHERS.split()})


def _message(row: dict[str, Any]) -> list[Any]:
    """The log row that a CloudWatch event carries as text."""
    if type(row.get("message")) is str and "modelId" not in row:
        (value,) = parse_lines([row["message"].encode("utf-8", "surrogatepass")])
        return [row if value == MALFORMED_JSON else value]
    return [row]


# A delivery of CloudWatch holds its messages in a list of its own name.
LAYOUT = Layout(marks=frozenset({"modelId"}), pages=frozenset({"logEvents", "Records", "records"}), unfold=_message)


class BedrockParser:
    """Parser of ``bedrock.invocations``. See ``frames.Parser``."""

    def __init__(self, context: ParseContext) -> None:
        self._context = context
        self._placed = PlacedFields(context, context.places)
        self._trace_places = [Place.parse(place, "trace") for place in context.places.trace]

    def wants(self, name: str) -> bool:
        return name in KNOWN or not is_private(name)

    def parse(self, batch: Batch, *, lenient_numbers: bool) -> Frame:
        problems = Problems()
        flat_rows = flattened(batch.values.objects(), self._flatten, problems)
        return frame_of(
            batch, flat_rows, FIELDS, problems, self._context, known=KNOWN, check=_check, lenient=lenient_numbers
        )

    def _flatten(self, row: dict[str, Any]) -> dict[str, Any]:
        if "modelId" not in row and "requestId" not in row:
            raise BadRow(UNKNOWN_SHAPE, "modelId")
        sent, answered = strict_object(row, "input"), strict_object(row, "output")
        answer = opened(answered.get("outputBodyJson"))
        body = _merged(answer)
        metadata = lenient_object(row.get("requestMetadata"))
        whole = {**row, "requestMetadata": metadata}
        tier = row.get("serviceTier") or body.get("serviceTier")
        return {
            "request_id": row.get("requestId"),
            "trace_id": first_placed(whole, [], self._trace_places),
            "account_id": row.get("accountId"),
            "region": short(row.get("region")),
            "inference_region": short(row.get("inferenceRegion")),
            "operation": short(row.get("operation")),
            "model_id": row.get("modelId"),
            "service_tier": served_tier(tier.get("type") if type(tier) is dict else tier),
            "latency_mode": short(at(row, ("performanceConfig", "latency"))),
            "status": short(row.get("status")),
            "error_code": short(row.get("errorCode")),
            "stop_reason": short(first(body, "stopReason", "stop_reason")),
            "started_at": row.get("timestamp"),
            "latency_ms": not_negative(_latency(body)),
            "attributes": _attributes(row, metadata),
            **_counts(sent, answered, body),
            **_units(answered, answer, body["usage"]).columns(),
            "usage_not_understood": not_understood(
                [
                    *unread(body["usage"], _USAGE, "usage."),
                    *unread(_counts_of(sent), _LOGGED, "input."),
                    *unread(_counts_of(answered), _LOGGED, "output."),
                ]
            ),
            "modifiers": modifiers(body["usage"]),
            **self._placed.find(whole, [], sent.get("inputBodyJson")),
        }


def _merged(body: Any) -> dict[str, Any]:
    """Facts of an answer: of an object itself, of the events of a stream taken together. Its content is not kept."""
    facts: dict[str, Any] = {"usage": {}, "metrics": {}}
    for event in body if type(body) is list else [body]:
        event = opened(event)
        if type(event) is not dict:
            continue
        for holder in (event, event.get("message"), event.get("delta"), event.get("metadata")):
            if type(holder) is not dict:
                continue
            for name in ("usage", "metrics"):
                found = lenient_object(holder.get(name))
                # Later events of a stream hold later counts.
                facts[name].update({key: value for key, value in found.items() if value is not None})
            for name in ("stopReason", "stop_reason", "serviceTier"):
                if holder.get(name) is not None:
                    facts[name] = holder[name]
        closing = lenient_object(event.get("amazon-bedrock-invocationMetrics"))
        if closing:
            facts["closing"] = closing
    return facts


def _counts_of(logged: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in logged.items() if type(value) in (int, float)}


def _units(answered: dict[str, Any], answer: Any, usage: dict[str, Any]) -> Units:
    """Images and seconds of an output, tools of the model's provider, and the guardrails in the trace of an answer or
    of a stream's events. Findings are not looked at."""
    units = Units()
    for event in answer if type(answer) is list else [answer]:
        event = opened(event)
        for holder in (event, event.get("metadata")) if type(event) is dict else ():
            for name in ("trace", "amazon-bedrock-trace"):
                add_trace(units, "aws", at(holder, (name, "guardrail")))
    units.add("images", answered.get("outputImageCount"), "outputImageCount")
    units.add("output_seconds", at(answered, ("outputVideo", "DurationSeconds")), "outputVideo")
    units.add("web_search", at(usage, ("server_tool_use", "web_search_requests")), "server_tool_use")
    return units


def _latency(body: dict[str, Any]) -> Any:
    found = first(body["metrics"], "latencyMs")
    return found if found is not None else body.get("closing", {}).get("invocationLatency")


def _counts(sent: dict[str, Any], answered: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    """Counts of the log's own fields, else of the answer's usage; both must agree where both are there."""
    usage, closing = body["usage"], body.get("closing", {})
    logged = {
        "input_tokens": count(sent.get("inputTokenCount"), "inputTokenCount"),
        "cache_read_tokens": count(sent.get("cacheReadInputTokenCount"), "cacheReadInputTokenCount"),
        "cache_write_tokens": count(sent.get("cacheWriteInputTokenCount"), "cacheWriteInputTokenCount"),
        "output_tokens": count(answered.get("outputTokenCount"), "outputTokenCount"),
    }
    names = dict(zip(logged, (_INPUT, _READ, _WRITE, _OUTPUT), strict=True))
    told = {name: count(first(usage, *keys) if first(usage, *keys) is not None else first(closing, *keys), "usage")
            for name, keys in names.items()}  # fmt: skip
    disagrees = any(
        logged[name] is not None and told[name] is not None and logged[name] != told[name] for name in names
    )
    counts = {name: told[name] if logged[name] is None else logged[name] for name in names}
    total = count(first(usage, "totalTokens", "total_tokens"), "totalTokens")
    plain = (counts["input_tokens"] or 0) + (counts["output_tokens"] or 0)
    cached = (counts["cache_read_tokens"] or 0) + (counts["cache_write_tokens"] or 0)
    disagrees = disagrees or _lifetimes_disagree(usage, counts["cache_write_tokens"])
    long_lived = _long_lived(usage)
    if long_lived is not None:
        # The reported count of writes holds both lifetimes.
        written = counts["cache_write_tokens"]
        if written is not None and written < long_lived:
            raise BadRow(INCONSISTENT_TOKENS, "cache_write_tokens")
        counts["cache_write_tokens"] = 0 if written is None else written - long_lived
    for name, extra in extra_counts(usage, told["input_tokens"], told["output_tokens"]).items():
        counts[_ITERATED[name]] = (counts[_ITERATED[name]] or 0) + extra
    return {
        **counts,
        "cache_write_1h_tokens": long_lived,
        "total_tokens": total,
        # Documentation and practice differ on whether the total holds cached tokens.
        "usage_disagrees": disagrees or (total is not None and total not in (plain, plain + cached)),
    }


def _long_lived(usage: dict[str, Any]) -> int | None:
    """Tokens written to a cache of one hour; None when the lifetimes are not told apart."""
    told = at(usage, ("cache_creation", "ephemeral_1h_input_tokens"))
    if told is not None:
        return count(told, "usage")
    details = opened(usage.get("cacheDetails"))
    if type(details) is not list:
        return None
    return sum(
        count(item.get("inputTokens"), "usage") or 0
        for item in details
        if type(item) is dict and str(item.get("ttl")).lower() == "1h"
    )


def _lifetimes_disagree(usage: dict[str, Any], written: int | None) -> bool:
    """Whether the cache writes of all lifetimes are not what was written altogether; zeros alone say nothing."""
    details = opened(usage.get("cacheDetails"))
    if type(details) is list:
        stated = [(str(item.get("ttl")).lower(), item.get("inputTokens")) for item in details if type(item) is dict]
    else:
        stated = [(life, at(usage, ("cache_creation", f"ephemeral_{life}_input_tokens"))) for life in ("5m", "1h")]
    if all(life == "1h" or value is None for life, value in stated):
        # Long-lived ones alone leave the rest to the short lifetime.
        return False
    told = sum(count(value, "usage") or 0 for _, value in stated)
    return bool(written and told) and written != told


def _attributes(row: dict[str, Any], metadata: dict[str, Any]) -> str | None:
    """What mapping rules may look at: the caller's tags, the account and the operation. No identity."""
    kept = plain_members(metadata)
    kept |= {
        name: value
        for name, key in (("account_id", "accountId"), ("operation", "operation"), ("region", "region"))
        if (value := short(row.get(key)))
    }
    return to_json(kept) if kept else None


def _check(columns: dict[str, pa.Array], _: Problems) -> None:
    columns["ended_at"] = pa.nulls(len(columns["started_at"]), columns["started_at"].type)
    set_end(columns)


SOURCE = Family(
    name="bedrock",
    description="AWS Bedrock model invocation logs: JSON lines or JSON documents",
    tables=(INVOCATIONS,),
    make_parser=BedrockParser,
    fields=FIELDS,
    formats=("json",),
    layout=LAYOUT,
    connected=(connections.of_attempts(INVOCATIONS, connections.attempt("request_id"), connections.trace("trace_id")),),
    has_retry_window=True,
    places=TracedPlaces(),
)
