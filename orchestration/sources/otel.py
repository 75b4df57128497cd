"""OpenTelemetry GenAI and OpenInference spans: reading the file, telling model calls from other spans, tokens."""

from __future__ import annotations

from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.ingest.batches import Batch, Objects
from orchestration.ingest.family import Family
from orchestration.ingest.fields import fields
from orchestration.ingest.frames import Field, Frame, ParseContext, Problems, typed_column
from orchestration.ingest.layouts import Layout
from orchestration.ingest.paths import BadRow
from orchestration.ingest.privacy import is_label, is_private, to_json
from orchestration.ingest.reasons import BAD_TIME, BAD_VALUE, UNKNOWN_SHAPE, Bad, ConservationError
from orchestration.ingest.values import CONTROL, currency
from orchestration.sources import connections, tables
from orchestration.sources.flat_rows import PLACED
from orchestration.sources.litellm import check_parts, served_tier
from orchestration.sources.native import TASK_CLASSES
from orchestration.sources.otel_spans import (
    Span,
    attribute_map,
    attribute_value,
    count_spans,
    identity,
    moments,
    spans_in,
    status_code,
)
from orchestration.sources.otel_usage import has_usage, is_of_usage, usage_columns
from orchestration.sources.places import PLACED_FIELDS, OtelPlaces
from orchestration.sources.units import unit_arrays

MAX_NAME = 200

FIELDS: tuple[Field, ...] = fields(
    "trace_id:id! span_id:id! parent_span_id:id span_name scope_name service_name started_at:time! ended_at:time"
    " status_code convention operation provider request_model response_model response_id:id service_tier error_type"
    " input_tokens:integer cache_read_tokens:integer cache_write_tokens:integer cache_write_1h_tokens:integer"
    " output_tokens:integer reasoning_tokens:integer input_includes_cache:boolean"
    " usage_disagrees:boolean resend_count:integer? logged_cost:money logged_currency:currency cache_hit:boolean?"
    + PLACED,
    task_class=TASK_CLASSES,
)
CALL_NAMES: dict[str, tuple[str, ...]] = {
    "operation": ("gen_ai.operation.name", "llm.request.type"),
    "provider": ("gen_ai.provider.name", "gen_ai.system", "llm.provider", "llm.system", "ai.model.provider"),
    "request_model": ("gen_ai.request.model", "ai.model.id"),
    "response_model": ("gen_ai.response.model", "llm.model_name", "embedding.model_name", "ai.response.model"),
    "response_id": ("gen_ai.response.id", "ai.response.id"),
    "service_tier": (
        "openai.response.service_tier",
        "gen_ai.openai.response.service_tier",
        "anthropic.response.service_tier",
        "gen_ai.response.service_tier",
    ),
    "speed": ("anthropic.usage.speed", "anthropic.response.speed", "gen_ai.usage.speed"),
    "inference_geo": (
        "anthropic.usage.inference_geo",
        "anthropic.response.inference_geo",
        "gen_ai.usage.inference_geo",
    ),
    "logged_cost": ("gen_ai.usage.cost", "gen_ai.usage.cost.amount", "llm.cost.total"),
    "logged_currency": (
        "gen_ai.usage.cost.currency",
        "gen_ai.usage.cost_currency",
        "gen_ai.cost.currency",
        "llm.cost.currency",
    ),
}
# Attribute name -> field and its rank among the names of that field.
CALL_FIELDS = {name: (field, rank) for field, names in CALL_NAMES.items() for rank, name in enumerate(names)}
# Operations that are a call of a model, by the convention's names.
MODEL_OPERATIONS: dict[str, str] = {
    "chat": "chat",
    "response": "chat",
    "responses": "chat",
    "completion": "text_completion",
    "text_completion": "text_completion",
    "generate_content": "generate_content",
    "embedding": "embeddings",
    "embeddings": "embeddings",
}
# Operations around calls: their spans repeat the usage of the calls inside them.
_AROUND_CALLS = frozenset(
    {"invoke_agent", "create_agent", "execute_tool", "invoke_workflow", "agent", "tool", "workflow"}
)
# The convention of a span that has a model and usage under an operation that nobody knows: it is a call unless it
# turns out to stand around others.
UNRECOGNISED = "unrecognised"
PROMPT_BODIES = (
    "gen_ai.input.messages",
    "gen_ai.prompt",
    "input.value",
    "ai.prompt.messages",
    "ai.prompt",
    "gen_ai.prompt.0.content",
    "llm.input_messages.0.message.content",
)


def _spans(value: dict[str, Any]) -> list[Any]:
    """The spans of an object; what is no shape that holds spans is one bad row."""
    count = count_spans(value)
    if count is None:
        return [UNKNOWN_SHAPE]
    spans = [{"span": span} for span in spans_in(value)]
    if len(spans) != count:
        raise ConservationError(f"{count} spans counted, {len(spans)} dealt with")
    return spans


LAYOUT = Layout(
    marks=frozenset({"resourceSpans", "resource_spans", "traceId", "trace_id", "spanContext", "context"}), unfold=_spans
)


class OtelParser:
    """Parser of ``otel.spans``. See ``frames.Parser``."""

    def __init__(self, context: ParseContext) -> None:
        self._context = context
        self._excluding_scopes = frozenset(context.places.input_excludes_cache)
        self._places = {
            field: [tuple(place.split(":", 1)) for place in context.places.of(field)] for field in PLACED_FIELDS
        }
        self._placed_names = {name for places in self._places.values() for _, name in places}

    def wants(self, name: str) -> bool:
        return False

    def parse(self, batch: Batch, *, lenient_numbers: bool) -> Frame:
        problems = Problems()
        flat_rows = []
        for place, row in enumerate(batch.values.column("span")):
            span: Span = row
            if type(span.body) is not dict:
                problems.add(place, UNKNOWN_SHAPE, "spans")
                flat_rows.append({})
                continue
            try:
                flat_rows.append(self._flatten(span))
            except BadRow as bad:
                problems.add(place, bad.reason, bad.field, bad.value)
                flat_rows.append({})
        rows = Objects(flat_rows)
        columns: dict[str, pa.Array] = {
            field.name: typed_column(
                field, rows.column(field.name), problems, latest=self._context.latest, lenient=lenient_numbers
            )
            for field in FIELDS
        }
        for name, length in (("trace_id", 32), ("span_id", 16), ("parent_span_id", 16)):
            problems.add_where(pc.not_equal(pc.utf8_length(columns[name]), length), BAD_VALUE, name)
        problems.add_where(pc.less(columns["ended_at"], columns["started_at"]), BAD_TIME, "ended_at")
        inclusive = pc.fill_null(columns["input_includes_cache"], False)
        columns |= unit_arrays(flat_rows)
        check_parts(columns, problems, whole="input_tokens", output="output_tokens", includes_cache=inclusive)
        columns["attributes"] = pa.array(rows.column("attributes"), pa.string())
        columns["_rescued"] = pa.nulls(len(rows), pa.string())
        return problems.split(columns, batch, self._context.hasher)

    def _flatten(self, span: Span) -> dict[str, Any]:
        attributes = attribute_map(span.body.get("attributes"))
        resource = attribute_map(span.resource)
        scope = span.scope if type(span.scope) is dict else {}
        trace_id, span_id, parent_id = identity(span.body)
        started_at, ended_at = moments(span.body)
        convention = convention_of(attributes)
        flat: dict[str, Any] = {
            "trace_id": trace_id,
            "span_id": span_id,
            "parent_span_id": parent_id,
            "span_name": _short(span.body.get("name")),
            "scope_name": _short(scope.get("name")),
            "service_name": _short(attribute_value(resource.get("service.name"))),
            "started_at": started_at,
            "ended_at": ended_at,
            "status_code": status_code(span.body),
            "convention": convention,
            "error_type": _short(attribute_value(attributes.get("error.type"))),
            "resend_count": attribute_value(attributes.get("http.request.resend_count")),
            "cache_hit": attribute_value(attributes.get("finops.cache_hit")),
            "attributes": _kept_attributes(attributes, resource),
        }
        # Most spans of a trace carry none of these, and looking into dozens of places takes the most time of all.
        if not (self._placed_names.isdisjoint(attributes) and self._placed_names.isdisjoint(resource)):
            for field, places in self._places.items():
                flat[field] = _placed(attributes, resource, places)
        if convention is not None:
            self._add_call(flat, attributes)
        return flat

    def _add_call(self, flat: dict[str, Any], attributes: dict[str, Any]) -> None:
        ranks: dict[str, int] = {}
        usage: dict[str, Any] = {}
        for name, encoded in attributes.items():
            if name in CALL_FIELDS:
                field, rank = CALL_FIELDS[name]
                value = attribute_value(encoded)
                if value is not None and value != "" and rank < ranks.get(field, len(CALL_FIELDS)):
                    flat[field], ranks[field] = value, rank
            elif is_of_usage(name):
                usage[name] = attribute_value(encoded)
        flat["input_includes_cache"] = flat["scope_name"] not in self._excluding_scopes
        flat |= usage_columns(usage, flat)
        if "ai.operationId" in attributes:
            _add_vercel(flat, attributes)
        flat["service_tier"] = served_tier(flat.get("service_tier"))
        if isinstance(currency(flat.get("logged_currency")), Bad):
            # A cost in credits or points is no money; the call itself is none the worse for it.
            flat["logged_cost"] = flat["logged_currency"] = None
        operation = str(flat.get("operation")).lower()
        if flat["convention"] == "gen_ai":
            # Emitters that name no operation were written when chat was the only one.
            flat["operation"] = MODEL_OPERATIONS.get(operation, "chat")
        elif flat["convention"] == UNRECOGNISED:
            flat["operation"] = _short(operation)
        if flat.get("prompt_hash") is None:
            body = _first(attributes, PROMPT_BODIES)
            flat["prompt_hash"] = self._context.hasher.of_prompt(body)


def convention_of(attributes: dict[str, Any]) -> str | None:
    """Which convention describes this span as one call of a model: ``gen_ai``, ``openinference``, ``unrecognised`` (see
    there), or None.

    Agent, chain and tool spans are None although some carry summed usage: their calls are spans of their own.
    """
    kind = str(attribute_value(attributes.get("openinference.span.kind", ""))).upper()
    operation = attribute_value(attributes.get("gen_ai.operation.name", attributes.get("llm.request.type")))
    if operation is not None:
        word = str(operation).lower()
        if word in MODEL_OPERATIONS:
            return "gen_ai"
        if not kind and word not in _AROUND_CALLS and _has_model(attributes) and has_usage(attributes):
            return UNRECOGNISED
    elif "ai.operationId" in attributes:
        # Vercel's outer spans repeat the usage of the inner ``do...`` span.
        inner = str(attribute_value(attributes["ai.operationId"])).rpartition(".")[2]
        return "gen_ai" if inner in ("doGenerate", "doStream", "doEmbed") else None
    elif not kind and _has_model(attributes):
        return "gen_ai"
    return "openinference" if kind in ("LLM", "EMBEDDING") else None


def _has_model(attributes: dict[str, Any]) -> bool:
    return any(name in attributes for name in ("gen_ai.request.model", "gen_ai.response.model"))


def _add_vercel(flat: dict[str, Any], attributes: dict[str, Any]) -> None:
    """Vercel's SDK names the provider ``openai.responses``, and keeps the served tier in a JSON text."""
    if type(flat.get("provider")) is str:
        flat["provider"] = flat["provider"].partition(".")[0]
    if flat.get("operation") is None:
        is_embedding = str(attribute_value(attributes["ai.operationId"])).endswith("doEmbed")
        flat["operation"] = "embeddings" if is_embedding else "chat"
    details = attribute_value(attributes.get("ai.response.providerMetadata"))
    if flat.get("service_tier") is None and type(details) is str:
        try:
            parsed = orjson.loads(details)
        except ValueError:
            return
        members = parsed.values() if type(parsed) is dict else ()
        flat["service_tier"] = next((m["serviceTier"] for m in members if type(m) is dict and "serviceTier" in m), None)


def _first(attributes: dict[str, Any], names: tuple[str, ...]) -> Any:
    for name in names:
        if name in attributes:
            value = attribute_value(attributes[name])
            if value is not None and value != "":
                return value
    return None


def _placed(attributes: dict[str, Any], resource: dict[str, Any], places: list[tuple[str, ...]]) -> Any:
    for holder, name in places:
        found = attribute_value((attributes if holder == "span" else resource).get(name))
        if found is not None and found != "":
            return found
    return None


def _short(value: Any) -> Any:
    """A name; None where it is rather a text, as some instrumentations name spans by statements."""
    return value if type(value) is str and len(value) <= MAX_NAME and not CONTROL.search(value) else None


def _kept_attributes(attributes: dict[str, Any], resource: dict[str, Any]) -> str | None:
    """What mapping rules may look at: service, environment, session, and own ``finops.`` attributes."""
    kept: dict[str, Any] = {
        "service_name": attribute_value(resource.get("service.name")),
        "deployment.environment": attribute_value(
            resource.get("deployment.environment.name", resource.get("deployment.environment"))
        ),
        "session_id": _first(attributes, ("session.id", "gen_ai.conversation.id")),
    }
    for holder in (resource, attributes):
        for name, value in holder.items():
            if name.startswith("finops.") and not is_private(name):
                kept[name] = attribute_value(value)
    kept = {
        name: value
        for name, value in kept.items()
        if type(value) in (int, float, bool) or (type(value) is str and value and is_label(value))
    }
    return to_json(kept) if kept else None


SOURCE = Family(
    name="otel",
    description="OpenTelemetry GenAI and OpenInference spans as the collector's file exporter writes them",
    tables=(tables.SPANS,),
    make_parser=OtelParser,
    fields=FIELDS,
    formats=("json",),
    layout=LAYOUT,
    # Which spans are calls is a rule, of int_otel_attempts.
    connected=(
        connections.of_attempts(
            tables.SPANS, connections.trace("trace_id"), connections.response("response_id"), attempts=""
        ),
    ),
    has_retry_window=False,
    places=OtelPlaces(),
)
