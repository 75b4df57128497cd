"""Spans of the OpenTelemetry collector's file exporter; the spans of model calls become attempts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from .fields import count, flag, instant, label, money, not_before, text
from .landing_files import BadRow, Row
from .modalities import KINDS, input_units, output_units, price_attributes, tokens_of
from .records import Attempt

CALLS = ("chat", "text_completion", "generate_content", "embeddings")
# Older instrumentation names the kind of call elsewhere, and otherwise.
OLDER_CALLS = {"completion": "text_completion", "embedding": "embeddings"}
OPENINFERENCE_CALLS = {"LLM": "chat", "EMBEDDING": "embeddings"}
STANDARD_TIERS = (None, "default", "auto")

# Newest attribute name first.
INPUT = ("gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", "llm.token_count.prompt")
OUTPUT = ("gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens", "llm.token_count.completion")
CACHE_READ = (
    "gen_ai.usage.cache_read.input_tokens",
    "gen_ai.usage.cache_read_input_tokens",
    "llm.token_count.prompt_details.cache_read",
)
CACHE_WRITE = (
    "gen_ai.usage.cache_creation.input_tokens",
    "gen_ai.usage.cache_write.input_tokens",
    "gen_ai.usage.cache_creation_input_tokens",
    "llm.token_count.prompt_details.cache_write",
)
CACHE_WRITE_1H = (
    "anthropic.usage.cache_creation.ephemeral_1h_input_tokens",
    "gen_ai.usage.cache_creation.ephemeral_1h_input_tokens",
)
REASONING = (
    "gen_ai.usage.reasoning.output_tokens",
    "gen_ai.usage.reasoning_tokens",
    "llm.token_count.completion_details.reasoning",
)
AROUND_CALLS = ("invoke_agent", "create_agent", "execute_tool", "invoke_workflow", "agent", "tool", "workflow")
# The clients that vendors write themselves.
OF_VENDOR = "com.anthropic.sdk."
CURRENCY = (
    "gen_ai.usage.cost.currency",
    "gen_ai.usage.cost_currency",
    "gen_ai.cost.currency",
    "llm.cost.currency",
)
PROVIDER = ("gen_ai.provider.name", "gen_ai.system", "llm.provider", "llm.system")
REQUEST_MODEL = ("gen_ai.request.model", "llm.model_name", "embedding.model_name")
SERVICE_TIER = (
    "openai.response.service_tier",
    "gen_ai.openai.response.service_tier",
    "anthropic.response.service_tier",
    "gen_ai.response.service_tier",
)

SPEED = ("anthropic.usage.speed", "anthropic.response.speed", "gen_ai.usage.speed")
GEO = ("anthropic.usage.inference_geo", "anthropic.response.inference_geo", "gen_ai.usage.inference_geo")


@dataclass(slots=True)
class Span:
    """A span of any kind: what it names for its trace, and the attempt in it if it is a model call."""

    source: str
    trace_id: str
    span_id: str
    started_at: datetime
    output_tokens: int | None
    input_tokens: int | None
    outcome_id: str | None
    named_use_case: str | None
    attempt: Attempt | None
    parent_id: str | None
    is_recognised: bool


class _Named:
    """What a span says about its business, in the first place that says it."""

    def __init__(self, own: Row, resource: Row) -> None:
        self._own, self._resource = own, resource

    def value(self, name: str) -> Any:
        places = [(self._own, prefix) for prefix in ("finops.", "", "metadata.", "ai.telemetry.metadata.")]
        places += [(self._resource, prefix) for prefix in ("finops.", "")]
        found = (place.get(prefix + name) for place, prefix in places)
        return next((value for value in found if value not in (None, "")), None)

    def text(self, name: str) -> str | None:
        return label(text, {name: self.value(name)}, name)


def spans_of(row: Row, source: str) -> Iterator[Span | BadRow]:
    """The spans of one line of the file."""
    if not isinstance(row.get("resourceSpans"), list):
        yield BadRow("no_resource_spans")
        return
    for resource_spans in row["resourceSpans"]:
        resource = _attributes((resource_spans.get("resource") or {}).get("attributes"))
        for scope_spans in resource_spans.get("scopeSpans") or []:
            for span in scope_spans.get("spans") or []:
                try:
                    yield _span(span, resource, (scope_spans.get("scope") or {}).get("name") or "", source)
                except BadRow as problem:
                    yield problem


def _value(value: Any) -> Any:
    """The plain value of an OTLP ``AnyValue``; int64 may be text. Lists and objects are of no use here."""
    if not isinstance(value, dict):
        return None
    if "intValue" in value:
        return int(value["intValue"])
    return next((value[kind] for kind in ("stringValue", "boolValue", "doubleValue") if kind in value), None)


def _attributes(listed: Any) -> Row:
    return {item["key"]: _value(item.get("value")) for item in listed or [] if isinstance(item, dict) and "key" in item}


def _first_count(attributes: Row, names: Iterable[str]) -> int | None:
    return next((value for value in (count(attributes, name) for name in names) if value is not None), None)


def _first_text(attributes: Row, names: Iterable[str]) -> str | None:
    return next((value for value in (text(attributes, name) for name in names) if value is not None), None)


def _span(span: Row, resource: Row, scope: str, source: str) -> Span:
    own = _attributes(span.get("attributes"))
    named = _Named(own, resource)
    trace_id, span_id = text(span, "traceId", needed=True), text(span, "spanId", needed=True)
    started_at = instant(span, "startTimeUnixNano", needed=True)
    ended_at = instant(span, "endTimeUnixNano")
    not_before(started_at, ended_at, "endTimeUnixNano")
    outcome_id, use_case = named.text("outcome_id"), named.text("use_case")
    attempt = None
    is_recognised = _is_model_call(own)
    if is_recognised or _may_be_a_call(own):
        stated, units = _stated(own)
        attempt = Attempt(
            source=source,
            family="otel",
            attempt_id=f"{trace_id}:{span_id}",
            started_at=started_at,
            ended_at=ended_at,
            status=_status(span, own),
            provider=_first_text(own, PROVIDER),
            model=_first_text(own, ("gen_ai.response.model", *REQUEST_MODEL)),
            service_tier=_tier(own),
            input_tokens=None,
            output_tokens=None,
            stated=stated,
            units=units,
            modifiers=price_attributes({"speed": _first_text(own, SPEED), "inference_geo": _first_text(own, GEO)}),
            scope=scope,
            cache_hit=bool(label(flag, {"cache_hit": named.value("cache_hit")}, "cache_hit")),
            prompt_hash=named.text("prompt_hash"),
            outcome_id=outcome_id,
            named_use_case=use_case,
            experiment=named.text("experiment"),
            logged_cost=money(own, "llm.cost.total"),
            logged_currency=(_first_text(own, CURRENCY) or "USD").upper(),
            trace_id=trace_id,
            span_id=span_id,
            parent_span_id=text(span, "parentSpanId"),
            response_id=text(own, "gen_ai.response.id"),
            hidden_retries=(count(own, "http.request.resend_count") or 0) > 0,
            attributes=_rule_attributes(own, resource),
        )
    raw_input, raw_output = _first_count(own, INPUT), _first_count(own, OUTPUT)
    parent_id = text(span, "parentSpanId")
    return Span(
        source, trace_id, span_id, started_at, raw_output, raw_input, outcome_id, use_case, attempt, parent_id,
        is_recognised,
    )  # fmt: skip


def _is_model_call(own: Row) -> bool:
    kind = text(own, "openinference.span.kind")
    if kind is not None:
        return kind.upper() in OPENINFERENCE_CALLS
    operation = text(own, "gen_ai.operation.name")
    if operation is None:
        older = text(own, "llm.request.type") or ""
        operation = OLDER_CALLS.get(older, older)
    return operation in CALLS


def _may_be_a_call(own: Row) -> bool:
    """Whether a span has a model and usage under an operation that nobody knows."""
    operation = text(own, "gen_ai.operation.name") or text(own, "llm.request.type")
    named = text(own, "gen_ai.request.model") or text(own, "gen_ai.response.model")
    if operation is None or operation in AROUND_CALLS or text(own, "openinference.span.kind") or not named:
        return False
    return bool(_first_count(own, INPUT) or _first_count(own, OUTPUT))


def _status(span: Row, own: Row) -> str:
    error_type = (text(own, "error.type") or "").lower()
    failed = (span.get("status") or {}).get("code") in (2, "2", "STATUS_CODE_ERROR")
    if not failed and not error_type:
        return "success"
    if "timeout" in error_type:
        return "timeout"
    return "rate_limited" if "429" in error_type or "rate" in error_type else "error"


def _tier(own: Row) -> str:
    tier = _first_text(own, SERVICE_TIER)
    return "standard" if tier in STANDARD_TIERS else tier


def _stated(own: Row) -> tuple[dict[str, int | None], dict[str, Decimal]]:
    """Counts as they stand, input with all that was cached and all that is no text in it, and what is no text."""
    written, written_1h = _first_count(own, CACHE_WRITE), _first_count(own, CACHE_WRITE_1H)
    if written is not None and written_1h is not None:
        written -= written_1h
    stated = {
        "input": _first_count(own, INPUT),
        "cache_read": _first_count(own, CACHE_READ),
        "cache_write": written,
        "cache_write_1h": written_1h,
        "output": _first_count(own, OUTPUT),
        "reasoning": _first_count(own, REASONING),
    }
    units = input_units(
        _by_kind(own, "gen_ai.usage.{}.input_tokens", "llm.token_count.prompt_details.{}"),
        _by_kind(own, "gen_ai.usage.cache_read.{}.input_tokens"),
        whole=stated["input"],
        cached=stated["cache_read"] or 0,
        written=(written or 0) + (written_1h or 0),
    ) | output_units(_by_kind(own, "gen_ai.usage.{}.output_tokens", "llm.token_count.completion_details.{}"))
    text_out = None if stated["output"] is None else stated["output"] - tokens_of(units, "output")
    if (written or 0) < 0 or (text_out or 0) < (stated["reasoning"] or 0) or (text_out or 0) < 0:
        raise BadRow("token_parts_above_total")
    return stated, units


def _by_kind(own: Row, *patterns: str) -> dict[str, int | None]:
    return {kind: _first_count(own, [pattern.format(kind) for pattern in patterns]) for kind in KINDS}


def _rule_attributes(own: Row, resource: Row) -> dict[str, object]:
    attributes: dict[str, object] = {
        name.removeprefix("finops."): value for name, value in own.items() if name.startswith("finops.")
    }
    attributes["service_name"] = resource.get("service.name")
    attributes["deployment.environment"] = resource.get("deployment.environment")
    return attributes


def fill_from_trace(spans: list[Span]) -> None:
    """Give each model call the outcome and use case of its trace, where the spans that name one agree."""
    outcome_ids: dict[tuple[str, str], set[str]] = defaultdict(set)
    use_cases: dict[tuple[str, str], set[str]] = defaultdict(set)
    for span in spans:
        trace = (span.source, span.trace_id)
        if span.outcome_id:
            outcome_ids[trace].add(span.outcome_id)
        if span.named_use_case:
            use_cases[trace].add(span.named_use_case)
    for span in spans:
        attempt, trace = span.attempt, (span.source, span.trace_id)
        if attempt is None:
            continue
        if not attempt.outcome_id and len(outcome_ids[trace]) == 1:
            attempt.outcome_id = next(iter(outcome_ids[trace]))
        if not attempt.named_use_case and len(use_cases[trace]) == 1:
            attempt.named_use_case = next(iter(use_cases[trace]))


def calls_of(spans: list[Span]) -> list[Attempt]:
    """The calls among the spans, each once: also those under an operation that nobody knows with no call inside."""
    by_id = {(span.source, span.trace_id, span.span_id): span for span in spans}
    around: set[int] = set()
    for span in spans:
        if span.attempt is None:
            continue
        above = by_id.get((span.source, span.trace_id, span.parent_id))
        while above is not None and id(above) not in around:
            around.add(id(above))
            above = by_id.get((above.source, above.trace_id, above.parent_id))
    calls = [span.attempt for span in spans if span.attempt and (span.is_recognised or id(span) not in around)]
    return [_whole(group) for group in _same_calls(calls)]


def _same_calls(calls: list[Attempt]) -> Iterable[list[Attempt]]:
    """Calls by response, whatever their trace; failed ones without a response that different instrumentations saw at
    one time, the first of one with the first of the other."""
    groups: dict[tuple[object, ...], list[Attempt]] = defaultdict(list)
    places: dict[tuple[object, ...], int] = defaultdict(int)
    firsts: dict[tuple[object, ...], Attempt] = {}
    for call in sorted(calls, key=lambda each: (each.started_at, each.attempt_id)):
        key: tuple[object, ...] = (call.source, call.attempt_id)
        if call.response_id is not None:
            key = (call.source, "response", call.response_id)
        elif call.status != "success":
            seen = (call.source, call.trace_id, call.parent_span_id, call.model)
            places[*seen, call.scope] += 1
            first = firsts.setdefault((*seen, places[*seen, call.scope]), call)
            if call.started_at <= first.end:
                key = (first.source, first.attempt_id)
        groups[key].append(call)
    return groups.values()


def _whole(group: list[Attempt]) -> Attempt:
    """One call out of what several spans say of it: the vendor's own client first, then the one that says most."""
    ranked = sorted(group, key=_poorness)
    call = ranked[0]
    for name in ("logged_cost", "prompt_hash", "outcome_id", "named_use_case", "experiment", "provider"):
        setattr(call, name, next((v for each in ranked if (v := getattr(each, name)) is not None), None))
    call.units = next((each.units for each in ranked if each.units), {})
    call.modifiers = next((each.modifiers for each in ranked if each.modifiers), {})
    call.hidden_retries = any(each.hidden_retries for each in group)
    told = {
        name: next((each.stated[name] for each in ranked if each.stated[name] is not None), None)
        for name in call.stated
    }
    call.cache_read_tokens = max((told["cache_read"] or 0) - tokens_of(call.units, "cache_read"), 0)
    call.cache_write_tokens, call.cache_write_1h_tokens = told["cache_write"], told["cache_write_1h"]
    call.reasoning_tokens = told["reasoning"]
    if told["input"] is not None:
        parts = sum(told[name] or 0 for name in ("cache_read", "cache_write", "cache_write_1h"))
        call.input_tokens = max(told["input"] - parts - tokens_of(call.units, "input"), 0)
    if told["output"] is not None or told["reasoning"]:
        text_out = (told["output"] or 0) - tokens_of(call.units, "output")
        call.output_tokens = max(text_out, told["reasoning"] or 0)
    return call


def _poorness(call: Attempt) -> tuple[object, ...]:
    known = sum(number is not None for number in call.stated.values()) + bool(call.units)
    is_of_vendor = call.scope.startswith(OF_VENDOR)
    return not is_of_vendor, -known, call.started_at, -(call.stated["output"] or 0), call.attempt_id
