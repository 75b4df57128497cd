"""Spans out of OTLP JSON, whatever wrote it: collector batches, single spans, arrays of exported spans."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

_HEX = re.compile(r"[0-9a-f]+")
_TRACE_HEX, _SPAN_HEX = 32, 16


class Span(NamedTuple):
    """A span as it was written, with the attributes around it (still encoded)."""

    body: dict[str, Any]
    resource: Any
    scope: Any


def count_spans(value: Any) -> int | None:
    """Spans in a parsed line or file; None when it is no shape that holds spans. Apart from ``spans_in``, so that
    a span lost there is noticed."""
    if type(value) is list:
        counts = [count_spans(item) for item in value]
        return None if None in counts else sum(counts)  # type: ignore[arg-type]
    if type(value) is not dict:
        return None
    batches = value.get("resourceSpans", value.get("resource_spans"))
    if type(batches) is list:
        return sum(len(_list(s, "spans")) for b in batches for s in _scopes(b))
    return 1 if is_span(value) else None


def spans_in(value: Any) -> Iterator[Span]:
    """The spans of a parsed line or file for which ``count_spans`` gives a number."""
    if type(value) is list:
        for item in value:
            yield from spans_in(item)
        return
    batches = value.get("resourceSpans", value.get("resource_spans"))
    if type(batches) is not list:
        yield Span(value, _attributes_of(value, "resource"), value.get("instrumentationScope", value.get("scope")))
        return
    for batch in batches:
        resource = _attributes_of(batch, "resource")
        for scoped in _scopes(batch):
            for span in _list(scoped, "spans"):
                yield Span(span, resource, scoped.get("scope"))


def is_span(value: dict[str, Any]) -> bool:
    """Whether an object is a span by itself."""
    if "traceId" in value or "trace_id" in value:
        return "spanId" in value or "span_id" in value
    return type(value.get("spanContext")) is dict or (type(value.get("context")) is dict and "start_time" in value)


def _list(holder: Any, name: str) -> list[Any]:
    value = holder.get(name) if type(holder) is dict else None
    return value if type(value) is list else []


def _scopes(batch: Any) -> list[Any]:
    # The older name of the list is still written by old collectors.
    for name in ("scopeSpans", "scope_spans", "instrumentationLibrarySpans"):
        if found := _list(batch, name):
            return found
    return []


def _attributes_of(holder: Any, name: str) -> Any:
    inner = holder.get(name) if type(holder) is dict else None
    return inner.get("attributes") if type(inner) is dict else None


def attribute_map(encoded: Any) -> dict[str, Any]:
    """Attribute name -> value, still encoded where it came as a typed OTLP value (see ``attribute_value``)."""
    if type(encoded) is dict:
        return encoded
    if type(encoded) is not list:
        return {}
    return {item["key"]: item.get("value") for item in encoded if type(item) is dict and type(item.get("key")) is str}


def attribute_value(encoded: Any) -> Any:
    """The plain value of an attribute: OTLP's typed values unwrapped, 64-bit integers also when written as text."""
    if type(encoded) is not dict or len(encoded) != 1:
        return encoded
    ((kind, value),) = encoded.items()
    if kind in ("stringValue", "boolValue", "doubleValue", "string_value", "bool_value", "double_value"):
        return value
    if kind in ("intValue", "int_value"):
        is_number = type(value) is str and value.removeprefix("-").isascii() and value.removeprefix("-").isdigit()
        return int(value) if is_number and len(value) < 30 else value
    if kind in ("arrayValue", "array_value"):
        return [attribute_value(item) for item in _list(value, "values")]
    if kind in ("kvlistValue", "kvlist_value"):
        return {name: attribute_value(item) for name, item in attribute_map(_list(value, "values")).items()}
    return None if kind in ("bytesValue", "bytes_value") else encoded


def hex_id(value: Any, length: int) -> Any:
    """A trace or span id as lower-case hex; None for the all-zero id; other things as they came.

    Accepts hex in any case with or without ``0x``, and base64, which generic protobuf-to-JSON tools write.
    """
    if type(value) is not str:
        return value
    word = value.strip().lower().removeprefix("0x")
    if not (len(word) == length and _HEX.fullmatch(word)):
        try:
            raw = base64.b64decode(value.strip(), validate=True)
        except (binascii.Error, ValueError):
            return value
        if len(raw) * 2 != length:
            return value
        word = raw.hex()
    return word if word.strip("0") else None


def identity(span: dict[str, Any]) -> tuple[Any, Any, Any]:
    """Trace id, span id and parent span id."""
    context = span.get("spanContext") or span.get("context") or {}
    context = context if type(context) is dict else {}
    parent_context = span.get("parentSpanContext")
    trace = _first(span, "traceId", "trace_id") or _first(context, "traceId", "trace_id")
    own = _first(span, "spanId", "span_id") or _first(context, "spanId", "span_id")
    parent = _first(span, "parentSpanId", "parent_span_id", "parent_id")
    if parent is None and type(parent_context) is dict:
        parent = _first(parent_context, "spanId", "span_id")
    return hex_id(trace, _TRACE_HEX), hex_id(own, _SPAN_HEX), hex_id(parent, _SPAN_HEX)


def moments(span: dict[str, Any]) -> tuple[Any, Any]:
    """Start and end as epoch nanoseconds or ISO text; None where not set."""
    start = _first(span, "startTimeUnixNano", "start_time_unix_nano", "startTime", "start_time")
    end = _first(span, "endTimeUnixNano", "end_time_unix_nano", "endTime", "end_time")
    return _moment(start), _moment(end)


def _moment(value: Any) -> Any:
    # JavaScript's exporter writes [seconds, nanoseconds]; 0 is what protobuf has for "not set".
    if type(value) is list and len(value) == 2 and all(type(part) is int for part in value):
        return value[0] * 1_000_000_000 + value[1]
    return None if value in (0, "0", "") else value


def status_code(span: dict[str, Any]) -> str:
    """``unset``, ``ok`` or ``error``."""
    status = span.get("status")
    code = _first(status, "code", "status_code") if type(status) is dict else None
    word = str(code).upper().removeprefix("STATUS_CODE_")
    return {"1": "ok", "OK": "ok", "2": "error", "ERROR": "error"}.get(word, "unset")


def _first(holder: dict[str, Any], *names: str) -> Any:
    return next((holder[name] for name in names if holder.get(name) is not None), None)
