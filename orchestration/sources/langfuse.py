"""Langfuse: observations and traces, scores and items of review queues, in the shapes of its API, its exports to
files and its tables."""

from __future__ import annotations

from decimal import Decimal, localcontext
from typing import Any

import pyarrow as pa

from orchestration.ingest.batches import Batch, Objects, pick
from orchestration.ingest.family import Connected, Family
from orchestration.ingest.fields import fields
from orchestration.ingest.frames import Field, Frame, ParseContext, Problems
from orchestration.ingest.layouts import Layout
from orchestration.ingest.paths import (
    BadRow,
    Place,
    at,
    first,
    first_placed,
    lenient_object,
    opened,
    short,
    short_texts,
    strict_object,
)
from orchestration.ingest.privacy import is_private, to_json
from orchestration.ingest.reasons import BAD_NUMBER, UNKNOWN_SHAPE, Bad
from orchestration.ingest.values import decimal
from orchestration.sources import connections
from orchestration.sources import gateway_tables as tables
from orchestration.sources.flat_rows import PLACED, PlacedFields, flattened, frame_of, set_end
from orchestration.sources.langfuse_reviews import REVIEW_FIELDS, flat_queue_item, flat_score
from orchestration.sources.langfuse_usage import usage_columns
from orchestration.sources.litellm import served_tier
from orchestration.sources.native import TASK_CLASSES
from orchestration.sources.places import LangfusePlaces
from orchestration.sources.usage_members import modifiers

FIELDS: tuple[Field, ...] = fields(
    "record_kind! observation_id:id! trace_id:id parent_id:id session_id:id observation_type level? error_kind"
    " environment release name model provider service_tier started_at:time! ended_at:time updated_at:time!"
    " is_deleted:boolean input_tokens:integer cache_read_tokens:integer cache_write_tokens:integer"
    " cache_write_1h_tokens:integer output_tokens:integer reasoning_tokens:integer"
    " provider_request_id:id? total_tokens:integer input_includes_parts:boolean output_includes_parts:boolean"
    " usage_disagrees:boolean logged_cost:money cache_hit:boolean?" + PLACED,
    task_class=TASK_CLASSES,
)
_TRACE_MEMBERS = ("scores", "corrections")
# More digits than a cost of one token has.
_EXACT = 30
_SERVED_TIERS = ("openai.response.service_tier", "gen_ai.openai.response.service_tier")
# Names that Langfuse itself writes; what is not used of them is dropped.
_KNOWN = (
    "id span_id spanId traceId trace_id projectId project_id type parentObservationId parent_observation_id "
    "parent_span_id parentSpanId startTime start_time endTime end_time completionStartTime completion_start_time "
    "name level statusMessage status_message version environment release tags metadata metadata_names "
    "metadata_values model modelId model_id internalModel internalModelId internal_model_id providedModelName "
    "provided_model_name modelParameters model_parameters usage usageDetails usage_details providedUsageDetails "
    "provided_usage_details promptTokens completionTokens totalTokens costDetails cost_details "
    "providedCostDetails provided_cost_details totalCost total_cost calculatedTotalCost calculated_total_cost "
    "calculatedInputCost calculated_input_cost calculatedOutputCost calculated_output_cost inputCost outputCost "
    "inputUsage outputUsage totalUsage inputPrice outputPrice totalPrice input_price output_price total_price "
    "usagePricingTierId usagePricingTierName usage_pricing_tier_id usage_pricing_tier_name input output "
    "toolDefinitions tool_definitions toolCalls tool_calls toolCallNames tool_call_names promptId prompt_id "
    "promptName prompt_name promptVersion prompt_version createdAt created_at updatedAt updated_at event_ts "
    "is_deleted isDeleted latency timeToFirstToken time_to_first_token timestamp sessionId session_id userId "
    "user_id traceName trace_name bookmarked public htmlPath observations scores corrections is_app_root "
    "service_name source value dataType data_type stringValue string_value longStringValue long_string_value "
    "comment authorUserId author_user_id configId config_id queueId queue_id executionTraceId execution_trace_id "
    "datasetRunId dataset_run_id observationId observation_id ingestion_api_key ingestion_sdk_name "
    "ingestion_sdk_version objectId object_id objectType object_type status completedAt completed_at "
    "lockedAt locked_at lockedByUserId locked_by_user_id annotatorUserId annotator_user_id trace"
)
KNOWN = frozenset(_KNOWN.split())
_UNREAD = (
    "output toolDefinitions tool_definitions toolCalls tool_calls comment userId user_id authorUserId "
    "author_user_id longStringValue long_string_value stringValue string_value ingestion_api_key lockedByUserId "
    "locked_by_user_id annotatorUserId annotator_user_id"
)
_NEVER_READ = frozenset(_UNREAD.split())


def _records(value: dict[str, Any]) -> list[Any]:
    """Rows of an object: a trace with all that belongs to it, or one row."""
    if type(value.get("trace")) is dict and type(value.get("observations")) is list:
        # The trace repeats its observations in a shorter form.
        return [*_with_inner_rows({**value["trace"], "observations": []}), *value["observations"]]
    return _with_inner_rows(value)


def _with_inner_rows(row: dict[str, Any]) -> list[Any]:
    """A trace, and the observations and scores that the API puts inside it. Lists of mere ids are left out."""
    if kind_of(row) != "trace":
        return [row]
    inner = [item for name in ("observations", *_TRACE_MEMBERS) if type(row.get(name)) is list for item in row[name]]
    return [row, *(item for item in inner if type(item) is not str)]


LAYOUT = Layout(marks=frozenset({"id", "span_id"}), unfold=_records)


def kind_of(row: dict[str, Any]) -> str | None:
    """``observation``, ``trace``, ``score`` or ``queue_item``, by the fields that only it has; None: none of them."""
    if any(name in row for name in ("objectType", "object_type")):
        return "queue_item"
    if any(name in row for name in ("dataType", "data_type")) or ("value" in row and "source" in row):
        return "score"
    if any(name in row for name in ("startTime", "start_time")):
        return "observation"
    return "trace" if "timestamp" in row else None


class LangfuseParser:
    """Parser of ``langfuse.observations`` and ``langfuse.reviews``. See ``frames.Parser``."""

    def __init__(self, context: ParseContext) -> None:
        self._context = context
        self._settings = context.places
        self._placed = PlacedFields(context, self._settings)
        self._provider_places = [Place.parse(place, "provider") for place in self._settings.provider]

    def wants(self, name: str) -> bool:
        return (name in KNOWN and name not in _NEVER_READ) or (name not in KNOWN and not is_private(name))

    def parse(self, batch: Batch, *, lenient_numbers: bool) -> list[Frame]:
        rows = batch.values.objects()
        kinds = [kind_of(row) for row in rows]
        frames = []
        for is_review in (False, True):
            places = [n for n, kind in enumerate(kinds) if (kind in ("score", "queue_item")) == is_review]
            # Bad lines of the batch are counted once.
            part = Batch(
                Objects(pick(rows, places)), pick(batch.line_nos, places), pick(batch.row_nos, places),
                [] if is_review else batch.quarantined,
            )  # fmt: skip
            parse = self._reviews if is_review else self._observations
            frames.append(parse(part, pick(kinds, places), lenient_numbers))
        return frames

    def _observations(self, batch: Batch, kinds: list[str | None], lenient: bool) -> Frame:
        problems = Problems()
        for place, kind in enumerate(kinds):
            if kind is None:
                problems.add(place, UNKNOWN_SHAPE, "type")
        flat = flattened(batch.values.objects(), self._flat_observation, problems)
        return frame_of(
            batch, flat, FIELDS, problems, self._context, known=KNOWN, check=_check_observations, lenient=lenient,
            table=tables.OBSERVATIONS,
        )  # fmt: skip

    def _reviews(self, batch: Batch, kinds: list[str | None], lenient: bool) -> Frame:
        problems = Problems()
        flats = []
        for row, kind in zip(batch.values.objects(), kinds, strict=True):
            metadata = _metadata(row)
            found = self._placed.find({**row, "metadata": metadata}, short_texts(row.get("tags")))
            flat = flat_score if kind == "score" else flat_queue_item
            flats.append({**found, **flat(row, metadata, self._settings)})
        return frame_of(
            batch, flats, REVIEW_FIELDS, problems, self._context, known=KNOWN, check=lambda *_: None, lenient=lenient,
            table=tables.REVIEWS,
        )  # fmt: skip

    def _flat_observation(self, row: dict[str, Any]) -> dict[str, Any]:
        kind = kind_of(row)
        metadata = _metadata(row)
        tags = short_texts(row.get("tags"))
        parameters = lenient_object(first(row, "modelParameters", "model_parameters"))
        whole = {**row, "metadata": metadata, "modelParameters": parameters}
        started = first(row, "startTime", "start_time") if kind == "observation" else row.get("timestamp")
        own_id = first(row, "id", "span_id", "spanId")
        model = first(row, "providedModelName", "provided_model_name", "model")
        level = first(row, "level")
        served = next((tier for name in _SERVED_TIERS if (tier := at(metadata, ("attributes", name)))), None)
        flat: dict[str, Any] = {
            "record_kind": kind,
            "observation_id": own_id,
            "trace_id": first(row, "traceId", "trace_id") if kind == "observation" else own_id,
            "parent_id": first(row, "parentObservationId", "parent_observation_id", "parent_span_id", "parentSpanId"),
            "session_id": first(row, "sessionId", "session_id"),
            "observation_type": str(row["type"]).upper() if short(row.get("type")) else None,
            "level": level,
            "error_kind": _error_kind(level, first(row, "statusMessage", "status_message")),
            "environment": short(row.get("environment")),
            "release": short(row.get("release")),
            "name": short(row.get("name")),
            "model": model,
            "provider": self._provider(whole, tags, model),
            "service_tier": served_tier(served),
            "provider_request_id": at(metadata, ("attributes", "gen_ai.response.id")),
            "modifiers": modifiers(metadata),
            "started_at": started,
            "ended_at": first(row, "endTime", "end_time"),
            "updated_at": first(row, "event_ts", "updatedAt", "updated_at", "createdAt", "created_at") or started,
            "is_deleted": first(row, "is_deleted", "isDeleted"),
            "cache_hit": _cache_hit(metadata),
            "logged_cost": _cost(row),
            "attributes": _attributes(row, tags),
            **self._placed.find(whole, tags, row.get("input") if kind == "observation" else None),
        }
        if kind == "observation":
            flat.update(usage_columns(row))
        return flat

    def _provider(self, row: dict[str, Any], tags: list[str], model: Any) -> str | None:
        """The provider that the row names, else the one that is declared for the model's name; never a guess."""
        named = short(first_placed(row, tags, self._provider_places))
        return named or self._settings.provider_of(model)


def _metadata(row: dict[str, Any]) -> dict[str, Any]:
    """Metadata as an object; the newest tables keep names and values apart."""
    names, values = opened(row.get("metadata_names")), opened(row.get("metadata_values"))
    if type(names) is list and type(values) is list and len(names) == len(values):
        return dict(zip(map(str, names), values, strict=True))
    return lenient_object(row.get("metadata"))


def _error_kind(level: Any, message: Any) -> str | None:
    """What failed, in a word. The message itself may quote the prompt, so it is not kept."""
    if level != "ERROR":
        return None
    text = message.lower() if type(message) is str else ""
    words = {
        "timeout": ("timeout", "timed out"),
        "rate_limited": ("rate limit", "ratelimit", "rate_limit", "429", "too many requests"),
        "blocked": ("content filter", "content_filter", "content policy", "guardrail"),
    }
    return next((kind for kind, signs in words.items() if any(sign in text for sign in signs)), "error")


def _cache_hit(metadata: dict[str, Any]) -> Any:
    hit = metadata.get("cache_hit")
    return None if type(hit) is str and hit.strip().lower() in ("none", "null", "") else hit


def _cost(row: dict[str, Any]) -> Any:
    """Cost as Langfuse worked it out or was told: the total of its details, else their sum, else a column."""
    details = strict_object(row, "costDetails", "cost_details")
    if details.get("total") is not None:
        return details["total"]
    parts: list[Decimal] = []
    for value in details.values():
        part = decimal(value, scale=_EXACT)
        if isinstance(part, Bad):
            raise BadRow(BAD_NUMBER, "costDetails", value)
        if part is not None:
            parts.append(part)
    if parts:
        with localcontext(prec=60):
            return sum(parts)
    return first(row, "totalCost", "total_cost", "calculatedTotalCost", "calculated_total_cost")


def _attributes(row: dict[str, Any], tags: list[str]) -> str | None:
    """What mapping rules may look at. No user."""
    found = {
        "name": short(row.get("name")),
        "trace_name": short(first(row, "traceName", "trace_name")),
        "environment": short(row.get("environment")),
        "service_name": short(row.get("service_name")),
        "prompt_name": short(first(row, "promptName", "prompt_name")),
    }
    kept: dict[str, Any] = {name: value for name, value in found.items() if value is not None}
    if tags:
        kept["tags"] = tags
    return to_json(kept) if kept else None


def _check_observations(columns: dict[str, pa.Array], _: Problems) -> None:
    # Counts need no check: a reading in which parts exceed their whole is never taken.
    set_end(columns)


SOURCE = Family(
    name="langfuse",
    description="Langfuse observations, traces, scores and review queue items: JSON lines, JSON documents or Parquet",
    tables=(tables.OBSERVATIONS, tables.REVIEWS),
    needed=(("id", "span_id"),),
    make_parser=LangfuseParser,
    fields=FIELDS + REVIEW_FIELDS,
    layout=LAYOUT,
    connected=(
        connections.of_attempts(
            tables.OBSERVATIONS,
            connections.attempt("observation_id"),
            connections.trace("trace_id"),
            connections.session("session_id"),
            counts_searches=True,
            attempts=(
                "count(case when is_deleted is distinct from true"
                " and observation_type in ('GENERATION', 'EMBEDDING') then 1 end)"
            ),
        ),
        # What a score is about is found by its trace, observation or session.
        Connected(
            tables.REVIEWS,
            "updated_at",
            ("opened_at", "coalesce(closed_at, updated_at)"),
            ("coalesce(closed_at, updated_at)",),
            (
                connections.OUTCOME,
                connections.ticket("record_kind || ':' || review_id"),
                connections.attempt("observation_id"),
                connections.trace("trace_id"),
                connections.session("session_id"),
            ),
        ),
    ),
    has_retry_window=False,
    places=LangfusePlaces(),
)
