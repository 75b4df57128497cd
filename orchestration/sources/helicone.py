"""Helicone: requests as its API and its export write them, and rows of its request table."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from orchestration.ingest.batches import Batch
from orchestration.ingest.family import Family, each_of
from orchestration.ingest.fields import fields
from orchestration.ingest.frames import Field, Frame, ParseContext, Problems
from orchestration.ingest.layouts import Layout
from orchestration.ingest.paths import (
    Place,
    count,
    first,
    first_placed,
    lenient_object,
    not_negative,
    plain_members,
    short,
)
from orchestration.ingest.privacy import is_private, to_json
from orchestration.sources import connections
from orchestration.sources.flat_rows import PLACED, PlacedFields, check_within, flattened, frame_of, set_end
from orchestration.sources.gateway_tables import REQUESTS
from orchestration.sources.native import TASK_CLASSES
from orchestration.sources.places import TracedPlaces
from orchestration.sources.units import Units
from orchestration.sources.usage_members import not_understood, unread

FIELDS: tuple[Field, ...] = fields(
    "request_id:id! response_id:id session_id:id trace_id:id provider! model status_code is_threat:boolean?"
    " started_at:time! ended_at:time latency_ms:duration updated_at:time! prompt_tokens:integer"
    " cache_read_tokens:integer cache_write_tokens:integer cache_write_1h_tokens:integer completion_tokens:integer"
    " reasoning_tokens:integer total_tokens:integer"
    " usage_disagrees:boolean cost:money cache_hit:boolean" + PLACED,
    task_class=TASK_CLASSES,
)
# Names that Helicone itself writes; what is not used of them is dropped.
_KNOWN = (
    "response_id response_created_at response_body response_status status response_model request_id "
    "request_created_at request_body request_path request_user_id user_id request_properties properties "
    "request_model model_override model helicone_user provider delay_ms latency time_to_first_token total_tokens "
    "prompt_tokens prompt_cache_write_tokens prompt_cache_read_tokens completion_tokens reasoning_tokens "
    "prompt_audio_tokens completion_audio_tokens cost costUSD cost_usd prompt_id prompt_version "
    "feedback_created_at feedback_id feedback_rating signed_body_url llmSchema country_code asset_ids asset_urls "
    "assets scores target_url cache_reference_id cache_enabled updated_at request_referrer gateway_endpoint_version "
    "ai_gateway_body_mapping storage_location organization_id proxy_key_id threat request_ip size_bytes"
)
KNOWN = frozenset(_KNOWN.split())
_UNREAD = (
    "response_body request_user_id user_id helicone_user signed_body_url asset_ids asset_urls assets target_url "
    "request_path request_referrer proxy_key_id request_ip"
)
_NEVER_READ = frozenset(_UNREAD.split())
_NO_REFERENCE = "00000000-0000-0000-0000-000000000000"
_METERS = {"audio_input": "prompt_audio_tokens", "audio_output": "completion_audio_tokens"}
_SESSION = "Helicone-Session-Id"


LAYOUT = Layout(marks=frozenset({"request_id", "request_created_at"}))


class HeliconeParser:
    """Parser of ``helicone.requests``. See ``frames.Parser``."""

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
        own = lenient_object(row.get("properties")) or lenient_object(row.get("request_properties"))
        whole = {**row, "properties": own}
        started = row.get("request_created_at")
        ended = row.get("response_created_at")
        delay = first(row, "delay_ms", "latency")
        status = first(row, "response_status", "status")
        return {
            "request_id": row.get("request_id"),
            "response_id": row.get("response_id"),
            "session_id": own.get(_SESSION),
            "trace_id": first_placed(whole, [], self._trace_places),
            "provider": row.get("provider"),
            # The model that answered, not the one that was asked for.
            "model": first(row, "model", "response_model", "model_override", "request_model"),
            "status_code": None if status is None else str(status),
            "is_threat": row.get("threat"),
            "started_at": started,
            "ended_at": ended,
            "latency_ms": not_negative(delay),
            "updated_at": first(row, "updated_at", "response_created_at") or started,
            "cost": first(row, "costUSD", "cost_usd"),
            "cache_hit": _is_cache_hit(row.get("cache_reference_id")),
            "attributes": _attributes(row, own),
            **_counts(row),
            **self._placed.find(whole, [], row.get("request_body")),
        }


def _counts(row: dict[str, Any]) -> dict[str, Any]:
    prompt, completion = count(row.get("prompt_tokens"), "prompt_tokens"), row.get("completion_tokens")
    completion = count(completion, "completion_tokens")
    reasoning = count(row.get("reasoning_tokens"), "reasoning_tokens")
    read = count(row.get("prompt_cache_read_tokens"), "prompt_cache_read_tokens")
    write = count(row.get("prompt_cache_write_tokens"), "prompt_cache_write_tokens")
    total = count(row.get("total_tokens"), "total_tokens")
    whole = (prompt or 0) + (completion or 0) + (reasoning or 0)
    units = Units()
    for meter, name in _METERS.items():
        units.add(meter, row.get(name), name)
    # Helicone's own total leaves out what was read from or written to a cache.
    disagrees = total is not None and total not in (whole, whole + (read or 0) + (write or 0))
    return {
        "prompt_tokens": prompt,
        "cache_read_tokens": read,
        "cache_write_tokens": write,
        "completion_tokens": completion,
        "reasoning_tokens": reasoning,
        **units.columns(),
        "usage_not_understood": not_understood(unread(_token_counts(row), KNOWN)),
        "total_tokens": total,
        "usage_disagrees": disagrees,
    }


def _token_counts(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name.endswith("_tokens")}


def _is_cache_hit(reference: Any) -> bool:
    """An answer from the gateway's cache names the request that it repeats; all others name nothing, or zeros."""
    return type(reference) is str and reference.strip() not in ("", _NO_REFERENCE)


def _attributes(row: dict[str, Any], properties: dict[str, Any]) -> str | None:
    """What mapping rules may look at: the caller's properties. No user."""
    kept = plain_members(properties)
    kept |= {name: value for name in ("prompt_id", "country_code") if (value := short(row.get(name)))}
    return to_json(kept) if kept else None


def _check(columns: dict[str, pa.Array], problems: Problems) -> None:
    set_end(columns)
    check_within(columns, problems, ("unit_input_tokens",), "prompt_tokens")
    check_within(columns, problems, ("unit_output_tokens",), "completion_tokens")


SOURCE = Family(
    name="helicone",
    description="Helicone requests: JSON lines, JSON documents, CSV or Parquet",
    tables=(REQUESTS,),
    needed=each_of("request_id", "request_created_at", "provider"),
    make_parser=HeliconeParser,
    fields=FIELDS,
    layout=LAYOUT,
    connected=(connections.of_attempts(REQUESTS, connections.attempt("request_id"), connections.trace("trace_id")),),
    has_retry_window=True,
    places=TracedPlaces(),
)
