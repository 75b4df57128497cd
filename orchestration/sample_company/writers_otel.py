"""Traces as the OpenTelemetry collector's file exporter writes them: one batch of spans a line, several generations of
names.

* fraud case summaries: current GenAI names, OpenAI instrumentation; for half the traces the outcome stands on the root
  span only.
* contract review: current names, Anthropic instrumentation; some calls have a second span, written by the provider's
  own library.
* knowledge search: until mid-August the old names (``gen_ai.system``, ``prompt_tokens``), then OpenInference names.

One trace is one request of the application: a root span, one span for each attempt, and now and then a tool span.
"""

from __future__ import annotations

import hashlib
from typing import Any

from orchestration.sample_company.company import CANARY, UseCase
from orchestration.sample_company.landing_files import LandingFiles, Row, json_line
from orchestration.sample_company.records import Attempt, day_of, ms_of, week_of

OPENINFERENCE_FROM_MS = ms_of("2026-08-17")
_TRACES_A_LINE = 12
_ERRORS = {
    "rate_limited": "RateLimitError",
    "timeout": "APITimeoutError",
    "error": "InternalServerError",
    "blocked": "ContentPolicyViolationError",
}
_SERVICES = {"frd": "fraud-desk", "ctr": "contract-desk", "kno": "knowledge-portal"}


def _hex(text: str, size: int) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:size]


def _value(value: Any) -> Row:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, list):
        return {"arrayValue": {"values": [_value(item) for item in value]}}
    return {"stringValue": value}


def _attributes(values: Row) -> list[Row]:
    return [{"key": key, "value": _value(value)} for key, value in values.items() if value is not None]


def business_keys(attempt: Attempt, with_outcome: bool) -> Row:
    """The company's own span attributes."""
    return {
        "finops.outcome_id": attempt.outcome_id if with_outcome else None,
        "finops.use_case": attempt.use_case,
        "finops.task_class": attempt.task_class,
        "finops.prompt_hash": attempt.prompt_hash,
        "finops.release_id": attempt.release_id,
        "finops.cache_hit": True if attempt.cache_hit else None,
        "finops.input_valid": None if attempt.input_valid else False,
    }


def _response_id(attempt: Attempt) -> str | None:
    return f"resp_{_hex(attempt.attempt_id, 24)}" if attempt.status == "success" else None


def gen_ai_attributes(attempt: Attempt, provider: str) -> Row:
    """Current names; input counts the cached part, as the convention says."""
    used = attempt.context_tokens > 0
    values: Row = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": provider,
        "gen_ai.request.model": attempt.model,
        "gen_ai.response.model": attempt.model if attempt.status == "success" else None,
        "gen_ai.response.id": _response_id(attempt),
        "gen_ai.usage.input_tokens": attempt.context_tokens if used else None,
        "gen_ai.usage.output_tokens": attempt.output_tokens if used else None,
        "gen_ai.usage.cache_read.input_tokens": attempt.cache_read_tokens if used else None,
        "gen_ai.usage.cache_creation.input_tokens": attempt.cache_write_tokens
        if used and provider == "anthropic"
        else None,
        "gen_ai.usage.reasoning.output_tokens": attempt.reasoning_tokens or None,
        "openai.response.service_tier": "default" if used and provider == "openai" else None,
        "error.type": _ERRORS.get(attempt.status),
        "gen_ai.input.messages": f'[{{"role":"user","parts":[{{"type":"text","content":"{CANARY}"}}]}}]',
        "gen_ai.output.messages": f'[{{"role":"assistant","parts":[{{"type":"text","content":"{CANARY}"}}]}}]',
    }
    return values


def old_attributes(attempt: Attempt) -> Row:
    """Names from before the rename, as older instrumentations still send them."""
    used = attempt.context_tokens > 0
    return {
        "gen_ai.system": "vertex_ai",
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": attempt.model,
        "gen_ai.response.model": attempt.model if attempt.status == "success" else None,
        "gen_ai.usage.prompt_tokens": attempt.context_tokens if used else None,
        "gen_ai.usage.completion_tokens": attempt.output_tokens if used else None,
        "error.type": _ERRORS.get(attempt.status),
        "gen_ai.prompt.0.content": f"{CANARY} old style",
        "gen_ai.completion.0.content": f"{CANARY} old style",
    }


def openinference_attributes(attempt: Attempt) -> Row:
    """OpenInference names."""
    used = attempt.context_tokens > 0
    return {
        "openinference.span.kind": "LLM",
        "llm.provider": "google",
        "llm.system": "vertexai",
        "llm.model_name": attempt.model,
        "llm.token_count.prompt": attempt.context_tokens if used else None,
        "llm.token_count.completion": attempt.output_tokens if used else None,
        "llm.token_count.total": attempt.context_tokens + attempt.output_tokens if used else None,
        "error.type": _ERRORS.get(attempt.status),
        "input.value": f"{CANARY} portal",
        "output.value": f"{CANARY} portal",
        "llm.input_messages.0.message.content": f"{CANARY} portal",
    }


def _span(
    name: str, trace: str, span: str, parent: str, start: int, end: int, values: Row, failed: bool, kind: int
) -> Row:
    row: Row = {"traceId": trace, "spanId": span, "parentSpanId": parent, "name": name, "kind": kind}
    row |= {"startTimeUnixNano": str(start * 1_000_000), "endTimeUnixNano": str(end * 1_000_000)}
    row |= {"attributes": _attributes(values), "status": {"code": 2, "message": "upstream"} if failed else {}}
    return row


def _model_span(attempt: Attempt, case: UseCase, trace: str, root: str, with_outcome: bool) -> tuple[str, Row]:
    """Scope name and span of one attempt."""
    provider = "openai" if attempt.provider == "openai" else attempt.provider
    if case.code != "kno":
        scope, values = f"opentelemetry.instrumentation.{provider}", gen_ai_attributes(attempt, provider)
    elif attempt.started_ms < OPENINFERENCE_FROM_MS:
        scope, values = "opentelemetry.instrumentation.vertexai", old_attributes(attempt)
    else:
        scope, values = "openinference.instrumentation.vertexai", openinference_attributes(attempt)
    values |= business_keys(attempt, with_outcome)
    span = _span(
        f"chat {attempt.model}", trace, _hex(attempt.attempt_id, 16), root, attempt.started_ms, attempt.ended_ms,
        values, attempt.status != "success", 3,
    )  # fmt: skip
    return scope, span


def _trace(case: UseCase, attempts: list[Attempt]) -> tuple[dict[str, list[Row]], int]:
    """Spans by scope of one request, and how many calls have a second span."""
    first, last = attempts[0], attempts[-1]
    trace, root = _hex(f"trace:{first.request_key}", 32), _hex(f"root:{first.request_key}", 16)
    root_only = int(trace[0], 16) % 2 == 0
    scopes: dict[str, list[Row]] = {}
    keys = business_keys(first, True) | {"http.route": f"/{case.name}", "deployment.environment.name": "production"}
    scopes["app"] = [
        _span(f"POST /{case.name}", trace, root, "", first.started_ms - 3, last.ended_ms + 4, keys, False, 2)
    ]
    if int(trace[1], 16) == 0:
        tool = {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": "lookup",
            "gen_ai.tool.call.arguments": CANARY,
        }
        span = _span("execute_tool lookup", trace, _hex(f"tool:{trace}", 16), root, first.started_ms - 2,
                     first.started_ms - 1, tool, False, 1)  # fmt: skip
        scopes["app"].append(span)
    second_spans = 0
    for attempt in attempts:
        scope, span = _model_span(attempt, case, trace, root, not root_only)
        scopes.setdefault(scope, []).append(span)
        if case.code == "ctr" and attempt.status == "success" and int(trace[2], 16) == 0:
            values = gen_ai_attributes(attempt, "anthropic") | {
                "http.request.resend_count": 0,
                "gen_ai.input.messages": None,
            }
            twin = _span(f"chat {attempt.model}", trace, _hex(f"twin:{attempt.attempt_id}", 16), root,
                         attempt.started_ms + 1, attempt.ended_ms - 1, values, False, 3)  # fmt: skip
            scopes.setdefault("com.anthropic.sdk.python", []).append(twin)
            second_spans += 1
    return scopes, second_spans


def write_otel(files: LandingFiles, case: UseCase, attempts: list[Attempt]) -> tuple[int, int]:
    """Weekly files of one service; returns the numbers of all spans and of second spans of one call."""
    requests: dict[str, list[Attempt]] = {}
    for attempt in attempts:
        requests.setdefault(attempt.request_key, []).append(attempt)
    resource = _attributes({"service.name": _SERVICES[case.code], "deployment.environment.name": "production"})
    batches: dict[str, list[dict[str, list[Row]]]] = {}
    spans = second = 0
    for group in sorted(requests.values(), key=lambda g: (g[0].started_ms, g[0].attempt_id)):
        scopes, more = _trace(case, group)
        second += more
        spans += sum(len(found) for found in scopes.values())
        started = group[0].started_ms
        batches.setdefault(f"{week_of(started)} {day_of(started)}", []).append(scopes)
    for key, traces in batches.items():
        week = key.split()[0]
        path = f"otel/{_SERVICES[case.code]}/{week}.jsonl" + (".gz" if int(week[-2:]) % 2 else "")
        for place in range(0, len(traces), _TRACES_A_LINE):
            merged: dict[str, list[Row]] = {}
            for scopes in traces[place : place + _TRACES_A_LINE]:
                for scope, found in scopes.items():
                    merged.setdefault(scope, []).extend(found)
            listed = [{"scope": {"name": name, "version": "1.0.0"}, "spans": found} for name, found in merged.items()]
            batch = {"resourceSpans": [{"resource": {"attributes": resource}, "scopeSpans": listed}]}
            files.add(path, json_line(batch))
    return spans, second
