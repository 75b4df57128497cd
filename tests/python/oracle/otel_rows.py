"""Spans of the OpenTelemetry collector's file exporter; the spans of model calls become attempts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .fields import count, flag, instant, label, money, not_before, text
from .landing_files import BadRow, Row
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
    "gen_ai.usage.cache_creation_input_tokens",
    "llm.token_count.prompt_details.cache_write",
)
CACHE_WRITE_1H = ("gen_ai.usage.cache_creation.ephemeral_1h_input_tokens",)
REASONING = (
    "gen_ai.usage.reasoning.output_tokens",
    "gen_ai.usage.reasoning_tokens",
    "llm.token_count.completion_details.reasoning",
)
AUDIO_INPUT = ("gen_ai.usage.audio.input_tokens", "llm.token_count.prompt_details.audio")
AUDIO_OUTPUT = ("gen_ai.usage.audio.output_tokens", "llm.token_count.completion_details.audio")
IMAGE_INPUT = ("gen_ai.usage.image.input_tokens",)
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
    "gen_ai.response.service_tier",
)


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
                    yield _span(span, resource, source)
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


def _span(span: Row, resource: Row, source: str) -> Span:
    own = _attributes(span.get("attributes"))
    named = _Named(own, resource)
    trace_id, span_id = text(span, "traceId", needed=True), text(span, "spanId", needed=True)
    started_at = instant(span, "startTimeUnixNano", needed=True)
    ended_at = instant(span, "endTimeUnixNano")
    not_before(started_at, ended_at, "endTimeUnixNano")
    outcome_id, use_case = named.text("outcome_id"), named.text("use_case")
    attempt = None
    if _is_model_call(own):
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
            **_tokens(own),
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
    return Span(source, trace_id, span_id, started_at, raw_output, raw_input, outcome_id, use_case, attempt)


def _is_model_call(own: Row) -> bool:
    kind = text(own, "openinference.span.kind")
    if kind is not None:
        return kind.upper() in OPENINFERENCE_CALLS
    operation = text(own, "gen_ai.operation.name")
    if operation is None:
        older = text(own, "llm.request.type") or ""
        operation = OLDER_CALLS.get(older, older)
    return operation in CALLS


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


def _tokens(own: Row) -> dict[str, int | None]:
    """Exclusive buckets; the conventions report input with cached, audio and image tokens in it."""
    parts = {
        "cache_read_tokens": _first_count(own, CACHE_READ),
        "cache_write_1h_tokens": _first_count(own, CACHE_WRITE_1H),
        "audio_input_tokens": _first_count(own, AUDIO_INPUT),
        "image_input_tokens": _first_count(own, IMAGE_INPUT),
    }
    written = _first_count(own, CACHE_WRITE)
    if written is not None:
        written -= parts["cache_write_1h_tokens"] or 0
    parts["cache_write_tokens"] = written
    audio_out, reasoning = _first_count(own, AUDIO_OUTPUT), _first_count(own, REASONING)
    total_in, total_out = _first_count(own, INPUT), _first_count(own, OUTPUT)
    uncached = None if total_in is None else total_in - sum(n or 0 for n in parts.values())
    text_out = None if total_out is None else total_out - (audio_out or 0)
    if (uncached or 0) < 0 or (written or 0) < 0 or (text_out is not None and text_out < (reasoning or 0)):
        raise BadRow("token_parts_above_total")
    return {
        **parts,
        "input_tokens": uncached,
        "output_tokens": text_out,
        "reasoning_tokens": reasoning,
        "audio_output_tokens": audio_out,
    }


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


def without_doubles(attempts: Iterable[Attempt]) -> list[Attempt]:
    """One span per call: of those with the same trace and response id the one that tells most about tokens."""
    kept: list[Attempt] = []
    richest: dict[tuple[str, str | None, str], Attempt] = {}
    for attempt in attempts:
        if attempt.response_id is None:
            kept.append(attempt)
            continue
        call = (attempt.source, attempt.trace_id, attempt.response_id)
        if call not in richest or _richness(attempt) > _richness(richest[call]):
            richest[call] = attempt
    return kept + list(richest.values())


def _richness(attempt: Attempt) -> tuple[int, bool, str]:
    counts = (
        *(attempt.input_tokens, attempt.cache_read_tokens, attempt.cache_write_tokens, attempt.cache_write_1h_tokens),
        *(attempt.output_tokens, attempt.reasoning_tokens, attempt.audio_input_tokens, attempt.audio_output_tokens),
        attempt.image_input_tokens,
    )
    known = sum(n is not None for n in counts)
    return known, attempt.cache_write_1h_tokens is not None, attempt.span_id or ""
