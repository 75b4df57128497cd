"""Azure API Management: its log of language-model calls, as table rows or diagnostic records, and its gateway log
where that keeps the usage of the backend's answer."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from orchestration.ingest.batches import Batch
from orchestration.ingest.family import Family
from orchestration.ingest.fields import fields
from orchestration.ingest.frames import Field, Frame, ParseContext, Problems
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
    short,
)
from orchestration.ingest.privacy import is_private, to_json
from orchestration.ingest.reasons import UNKNOWN_SHAPE
from orchestration.sources import connections
from orchestration.sources.flat_rows import PLACED, PlacedFields, check_within, flattened, frame_of, set_end
from orchestration.sources.gateway_tables import LLM_LOGS
from orchestration.sources.native import TASK_CLASSES
from orchestration.sources.places import TracedPlaces

FIELDS: tuple[Field, ...] = fields(
    "shape! correlation_id:id! request_id:id trace_id:id sequence_number:integer operation deployment model"
    " gateway_region api_version is_stream:boolean? status_code started_at:time! ended_at:time latency_ms:duration"
    " prompt_tokens:integer cache_read_tokens:integer completion_tokens:integer reasoning_tokens:integer"
    " audio_input_tokens:integer audio_output_tokens:integer total_tokens:integer usage_disagrees:boolean" + PLACED,
    task_class=TASK_CLASSES,
)
# Columns of the table and members of the diagnostic record; what is not used of them is dropped.
_KNOWN = (
    "TimeGenerated CorrelationId RequestId OperationName DeploymentName ModelName ApiVersion Region PromptTokens "
    "CompletionTokens TotalTokens IsStreamCompletion RequestMessages ResponseMessages SequenceNumber _ResourceId "
    "_SubscriptionId TenantId SourceSystem Type _BilledSize _IsBillable ResponseCode BackendResponseCode TotalTime "
    "DurationMs ApimSubscriptionId ProductId ApiId OperationId RequestHeaders ResponseHeaders CallerIpAddress "
    "time resourceId tenantId location category operationName operationVersion correlationId callerIpAddress "
    "durationMs resultType resultSignature isRequestSuccess Level level properties truncated "
    "ServiceRegion serviceRegion MG"
)
KNOWN = frozenset(_KNOWN.split())
_NEVER_READ = frozenset(["ResponseMessages", "ResponseHeaders", "CallerIpAddress", "callerIpAddress"])
_LLM_LOG, _GATEWAY_LOG = "llm_log", "gateway_log"


LAYOUT = Layout(marks=frozenset({"CorrelationId", "correlationId", "TimeGenerated", "time"}))


class ApimParser:
    """Parser of ``azure_apim.llm_logs``. See ``frames.Parser``."""

    def __init__(self, context: ParseContext) -> None:
        self._context = context
        self._placed = PlacedFields(context, context.places)
        self._trace_places = [Place.parse(place, "trace") for place in context.places.trace]

    def wants(self, name: str) -> bool:
        return (name in KNOWN and name not in _NEVER_READ) or (name not in KNOWN and not is_private(name))

    def parse(self, batch: Batch, *, lenient_numbers: bool) -> Frame:
        problems = Problems()
        flat_rows = flattened(batch.values.objects(), self._flatten, problems)
        return frame_of(
            batch, flat_rows, FIELDS, problems, self._context, known=KNOWN, check=_check, lenient=lenient_numbers
        )

    def _flatten(self, row: dict[str, Any]) -> dict[str, Any]:
        details = lenient_object(row.get("properties"))
        answer = _answer(details)
        # One look-up for both: the table calls `PromptTokens` what the record calls `promptTokens`.
        members = {name.lower(): value for name, value in (*row.items(), *details.items())}
        is_llm_log = not members.keys().isdisjoint(("prompttokens", "totaltokens", "modelname"))
        if "correlationid" not in members or not (is_llm_log or answer):
            raise BadRow(UNKNOWN_SHAPE, "CorrelationId")
        whole = {**row, "properties": details}
        has_own_counts = "prompttokens" in members or not answer
        return {
            "shape": _LLM_LOG if has_own_counts else _GATEWAY_LOG,
            "correlation_id": members.get("correlationid"),
            "request_id": members.get("requestid"),
            "trace_id": first_placed(whole, [], self._trace_places),
            "sequence_number": members.get("sequencenumber"),
            "operation": short(first(members, "operationid", "operationname")),
            "deployment": short(first(members, "deploymentname")),
            "model": short(members.get("modelname")) or short(answer.get("model")),
            "gateway_region": short(first(members, "region", "serviceregion", "location")),
            "api_version": short(members.get("apiversion")),
            "is_stream": members.get("isstreamcompletion"),
            "status_code": _text(first(members, "responsecode", "backendresponsecode", "resultsignature")),
            "started_at": first(members, "timegenerated", "time"),
            "latency_ms": not_negative(first(members, "totaltime", "durationms")),
            "attributes": _attributes(members),
            **(_own_counts(members) if has_own_counts else _answer_counts(answer)),
            **self._placed.find(whole, [], members.get("requestmessages")),
        }


def _answer(details: dict[str, Any]) -> dict[str, Any]:
    """The backend's answer in a gateway log, where it was kept and holds a usage."""
    body = lenient_object(details.get("backendResponseBody"))
    return body if type(opened(body.get("usage"))) is dict else {}


def _own_counts(members: dict[str, Any]) -> dict[str, Any]:
    prompt = count(first(members, "prompttokens"), "PromptTokens")
    completion = count(first(members, "completiontokens"), "CompletionTokens")
    total = count(first(members, "totaltokens"), "TotalTokens")
    return _with_total({"prompt_tokens": prompt, "completion_tokens": completion}, total)


def _answer_counts(answer: dict[str, Any]) -> dict[str, Any]:
    usage = lenient_object(answer.get("usage"))
    counts = {
        "prompt_tokens": first(usage, "prompt_tokens", "input_tokens"),
        "cache_read_tokens": _detail(usage, ("prompt_tokens_details", "input_tokens_details"), "cached_tokens"),
        "completion_tokens": first(usage, "completion_tokens", "output_tokens"),
        "reasoning_tokens": _detail(usage, ("completion_tokens_details", "output_tokens_details"), "reasoning_tokens"),
        "audio_input_tokens": _detail(usage, ("prompt_tokens_details",), "audio_tokens"),
        "audio_output_tokens": _detail(usage, ("completion_tokens_details",), "audio_tokens"),
    }
    clean = {name: count(value, "usage") for name, value in counts.items()}
    return _with_total(clean, count(first(usage, "total_tokens"), "usage"))


def _detail(usage: dict[str, Any], holders: tuple[str, ...], name: str) -> Any:
    return next((found for holder in holders if (found := at(usage, (holder, name))) is not None), None)


def _with_total(counts: dict[str, int | None], total: int | None) -> dict[str, Any]:
    whole = (counts["prompt_tokens"] or 0) + (counts["completion_tokens"] or 0)
    return {**counts, "total_tokens": total, "usage_disagrees": total is not None and total != whole}


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _attributes(members: dict[str, Any]) -> str | None:
    """What mapping rules may look at. No caller."""
    names = {
        "deployment": "deploymentname",
        "operation": "operationname",
        "subscription": "apimsubscriptionid",
        "product": "productid",
        "api": "apiid",
    }
    kept = {name: value for name, key in names.items() if (value := short(members.get(key)))}
    resource = short(first(members, "_resourceid", "resourceid"))
    if resource:
        kept["service"] = resource.rstrip("/").rpartition("/")[2].lower()
    return to_json(kept) if kept else None


def _check(columns: dict[str, pa.Array], problems: Problems) -> None:
    columns["ended_at"] = pa.nulls(len(columns["started_at"]), columns["started_at"].type)
    set_end(columns)
    check_within(columns, problems, ("cache_read_tokens", "audio_input_tokens"), "prompt_tokens")
    check_within(columns, problems, ("audio_output_tokens",), "completion_tokens")
    check_within(columns, problems, ("reasoning_tokens",), "completion_tokens")


SOURCE = Family(
    name="azure_apim",
    description="Azure API Management logs of language-model calls: JSON lines, JSON documents, CSV or Parquet",
    tables=(LLM_LOGS,),
    needed=(("CorrelationId", "correlationId"), ("TimeGenerated", "time")),
    make_parser=ApimParser,
    fields=FIELDS,
    layout=LAYOUT,
    connected=(
        connections.of_attempts(
            LLM_LOGS,
            connections.attempt("correlation_id"),
            connections.trace("trace_id"),
            attempts="count(distinct _source || chr(31) || correlation_id)",
        ),
    ),
    has_retry_window=True,
    places=TracedPlaces(),
)
