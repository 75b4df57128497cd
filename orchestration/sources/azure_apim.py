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
from orchestration.sources.units import MODALITIES, Units, add_input_modalities, add_output_modalities
from orchestration.sources.usage_members import not_understood, unread

FIELDS: tuple[Field, ...] = fields(
    "shape! correlation_id:id! request_id:id trace_id:id sequence_number:integer operation deployment model"
    " gateway_region api_version is_stream:boolean? status_code started_at:time! ended_at:time latency_ms:duration"
    " prompt_tokens:integer cache_read_tokens:integer completion_tokens:integer reasoning_tokens:integer"
    " provider_request_id:id? total_tokens:integer usage_disagrees:boolean" + PLACED,
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
_PREDICTED = ("accepted_prediction_tokens", "rejected_prediction_tokens")
_MODAL = frozenset({"text_tokens", *(f"{modality}_tokens" for modality in MODALITIES)})
_READ = _MODAL | {"cached_tokens", "cached_tokens_details"}
_CACHED, _WRITTEN = _MODAL, _MODAL | {"reasoning_tokens", *_PREDICTED}
_SIDES = ("prompt", "completion", "input", "output")
_USAGE = frozenset({"total_tokens", *(f"{side}_{kind}" for side in _SIDES for kind in ("tokens", "tokens_details"))})
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
            "provider_request_id": answer.get("id"),
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
    read, written = (_details(usage, side) for side in ("prompt", "completion"))
    counts = {
        "prompt_tokens": first(usage, "prompt_tokens", "input_tokens"),
        "cache_read_tokens": read.get("cached_tokens"),
        "completion_tokens": first(usage, "completion_tokens", "output_tokens"),
        "reasoning_tokens": written.get("reasoning_tokens"),
    }
    clean = {name: count(value, "usage") for name, value in counts.items()}
    units = Units()
    cached = lenient_object(read.get("cached_tokens_details"))
    doubtful = add_input_modalities(
        units,
        {modality: read.get(f"{modality}_tokens") for modality in MODALITIES},
        {modality: cached.get(f"{modality}_tokens") for modality in MODALITIES} if cached else None,
        whole=clean["prompt_tokens"],
        cached=clean["cache_read_tokens"],
    )
    add_output_modalities(units, {modality: written.get(f"{modality}_tokens") for modality in MODALITIES})
    for name in _PREDICTED:
        units.add("predicted_output", written.get(name), name)
    found = _with_total(clean, count(first(usage, "total_tokens"), "usage"))
    return {
        **found,
        "usage_disagrees": found["usage_disagrees"] or doubtful,
        **units.columns(),
        "usage_not_understood": not_understood(
            [
                *unread(usage, _USAGE),
                *unread(read, _READ, "input."),
                *unread(cached, _CACHED, "cached."),
                *unread(written, _WRITTEN, "output."),
            ]
        ),
    }


def _details(usage: dict[str, Any], side: str) -> dict[str, Any]:
    """Details of the input or output, by the names of chat completions or by those of responses."""
    other = {"prompt": "input", "completion": "output"}[side]
    return lenient_object(usage.get(f"{side}_tokens_details")) or lenient_object(usage.get(f"{other}_tokens_details"))


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
    check_within(columns, problems, ("cache_read_tokens", "unit_input_tokens"), "prompt_tokens")
    check_within(columns, problems, ("unit_cache_read_tokens",), "cache_read_tokens")
    check_within(columns, problems, ("unit_output_tokens",), "completion_tokens")
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
