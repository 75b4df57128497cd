"""Langfuse's scores and items of review queues: evidence that a person checked or corrected a result."""

from __future__ import annotations

from typing import Any

from orchestration.ingest.fields import fields
from orchestration.ingest.frames import Field
from orchestration.ingest.paths import first, short
from orchestration.sources.flat_rows import PLACED
from orchestration.sources.native import FIELDS as NATIVE_FIELDS
from orchestration.sources.native import TASK_CLASSES
from orchestration.sources.places import LangfusePlaces, Review

_WORDS = {field.name: field.allowed for field in NATIVE_FIELDS["rework"] if field.kind == "word"}
REVIEW_FIELDS: tuple[Field, ...] = fields(
    "record_kind! review_id:id! trace_id:id observation_id:id session_id:id name score_source data_type queue_id:id"
    " opened_at:time! closed_at:time updated_at:time! is_deleted:boolean is_rework:boolean severity:word kind:word"
    " cause:word? role handling_minutes:minutes" + PLACED,
    severity=_WORDS["severity"],
    kind=_WORDS["kind"],
    cause=_WORDS["cause"],
    task_class=TASK_CLASSES,
)


def flat_score(row: dict[str, Any], metadata: dict[str, Any], places: LangfusePlaces) -> dict[str, Any]:
    """A score. One of type CORRECTION says that a person replaced the result: it is rework, done when it was given.
    Its text is the corrected result, so it is not kept."""
    made_at = first(row, "timestamp", "createdAt", "created_at")
    data_type = short(first(row, "dataType", "data_type"))
    is_correction = str(data_type).upper() == "CORRECTION"
    return {
        "record_kind": "score",
        "review_id": row.get("id"),
        "trace_id": first(row, "traceId", "trace_id"),
        "observation_id": first(row, "observationId", "observation_id"),
        "session_id": first(row, "sessionId", "session_id"),
        "name": short(row.get("name")),
        "score_source": short(row.get("source")),
        "data_type": data_type,
        "queue_id": first(row, "queueId", "queue_id"),
        "opened_at": made_at,
        "closed_at": made_at,
        "updated_at": first(row, "event_ts", "updatedAt", "updated_at") or made_at,
        "is_deleted": first(row, "is_deleted", "isDeleted"),
        "is_rework": is_correction,
        **(_rework(metadata, places.corrections) if is_correction else {}),
    }


def flat_queue_item(row: dict[str, Any], metadata: dict[str, Any], places: LangfusePlaces) -> dict[str, Any]:
    """An item of a review queue: open until it is completed."""
    queue = first(row, "queueId", "queue_id")
    subject = {"TRACE": "trace_id", "OBSERVATION": "observation_id", "SESSION": "session_id"}
    column = subject.get(str(first(row, "objectType", "object_type")).upper())
    made_at = first(row, "createdAt", "created_at")
    return {
        "record_kind": "queue_item",
        "review_id": row.get("id"),
        **({column: first(row, "objectId", "object_id")} if column else {}),
        "queue_id": queue,
        "opened_at": made_at,
        "closed_at": first(row, "completedAt", "completed_at"),
        "updated_at": first(row, "event_ts", "updatedAt", "updated_at") or made_at,
        "is_deleted": first(row, "is_deleted", "isDeleted"),
        "is_rework": True,
        **_rework(metadata, places.queues.get(str(queue), places.reviews)),
    }


def _rework(metadata: dict[str, Any], declared: Review) -> dict[str, Any]:
    """What kind of work it was: what its metadata say, else what is declared."""
    return {name: metadata.get(name) or value for name, value in declared.model_dump().items()}
