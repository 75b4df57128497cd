"""Rows of the native formats: attempts, tickets, clocks and decisions."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

from .fields import MICRO, choice, count, currency_code, flag, instant, label, money, not_before, number, text
from .landing_files import BadRow, Row, parse_json
from .modalities import price_attributes
from .records import Attempt, Clock, Decision, Ticket

STATUSES = ("success", "error", "timeout", "rate_limited", "blocked")
SERVICE_TIERS = ("standard", "batch", "flex", "priority")
TOKEN_FIELDS = (
    "cache_read_tokens",
    "cache_write_tokens",
    "cache_write_1h_tokens",
    "reasoning_tokens",
)
# Columns of one meter each.
METERS = {
    "audio_input_tokens": "audio_input",
    "audio_output_tokens": "audio_output",
    "image_input_tokens": "image_input",
    "web_search_calls": "web_search",
    "file_search_calls": "file_search",
    "code_interpreter_calls": "code_interpreter",
    "cache_storage_token_hours": "cache_storage",
}
INFERENCE_FIELDS = {
    *("attempt_id", "request_id", "retry_of", "outcome_id", "use_case", "task_class", "provider", "model"),
    *("service_tier", "started_at", "latency_ms", "ended_at", "status", "input_tokens", "output_tokens"),
    *TOKEN_FIELDS,
    *METERS,
    *("units", "attributes", "provider_request_id", "guardrail_units", "region", "deployment"),
    *("cache_hit", "prompt_hash", "input_valid", "can_wait", "experiment", "release_id", "cost", "currency"),
    # Bodies never count as attributes.
    *("messages", "prompt", "input", "response", "output", "tool_arguments", "tools", "tool_calls"),
}


def attempt_of(row: Row, source: str) -> Attempt:
    """A native inference row.

    Raises:
        BadRow: the row must be quarantined.
    """
    started_at = instant(row, "started_at", needed=True)
    ended_at = instant(row, "ended_at")
    latency = number(row, "latency_ms", 3)
    if ended_at is None and latency is not None:
        ended_at = started_at + int(latency * 1000) * MICRO
    not_before(started_at, ended_at, "ended_at")
    optional = {name: count(row, name) for name in TOKEN_FIELDS}
    output_tokens = count(row, "output_tokens", needed=True)
    if (optional["reasoning_tokens"] or 0) > output_tokens:
        raise BadRow("reasoning_above_output")
    return Attempt(
        source=source,
        family="inference",
        attempt_id=text(row, "attempt_id", needed=True),
        started_at=started_at,
        ended_at=ended_at,
        status=choice(row, "status", STATUSES, needed=True),
        provider=text(row, "provider", needed=True),
        model=text(row, "model", needed=True),
        service_tier=choice(row, "service_tier", SERVICE_TIERS) or "standard",
        input_tokens=count(row, "input_tokens", needed=True),
        output_tokens=output_tokens,
        **optional,
        units=_units(row),
        modifiers=price_attributes(row.get("attributes")),
        cache_hit=bool(label(flag, row, "cache_hit")),
        prompt_hash=label(text, row, "prompt_hash") or _body(row),
        outcome_id=label(text, row, "outcome_id"),
        named_use_case=label(text, row, "use_case"),
        experiment=label(text, row, "experiment"),
        logged_cost=money(row, "cost"),
        logged_currency=currency_code(row, "currency"),
        stated_request_id=text(row, "request_id"),
        retry_of=text(row, "retry_of"),
        attributes={
            name: value
            for name, value in row.items()
            if name not in INFERENCE_FIELDS and value is not None and not isinstance(value, (dict, list))
        },
    )


def _units(row: Row) -> dict[str, Decimal]:
    """Everything beside text, of the columns of one meter and of the list or object of all."""
    counted = {meter: count(row, name) for name, meter in METERS.items()}
    found = {
        meter: Decimal(used)
        for meter, used in counted.items()
        if used is not None and (used or meter.endswith("_output"))
    }
    stated = row.get("units")
    stated = parse_json(stated) if isinstance(stated, str) and stated else stated
    listed = (
        [{"meter": meter, "quantity": quantity} for meter, quantity in stated.items()]
        if isinstance(stated, dict)
        else stated or []
    )
    for item in listed:
        quantity = number(item, "quantity", 12 if item["meter"] == "fee" else 6)
        if quantity or (quantity is not None and item["meter"].endswith("_output")):
            found[item["meter"]] = found.get(item["meter"], Decimal(0)) + quantity
    return found


def _body(row: Row) -> str | None:
    """The prompt itself in the place of its hash: equal prompts are all that matters here."""
    body = next((row[name] for name in ("prompt", "messages", "input") if row.get(name)), None)
    if body is None:
        return None
    words = body if isinstance(body, str) else json.dumps(body, sort_keys=True, default=str)
    return " ".join(words.lower().split()) or None


def ticket_of(row: Row, source: str) -> Ticket:
    """A row of a rework ticket; ``outcome_id`` counts as the first of ``outcome_ids``."""
    opened_at = instant(row, "opened_at", needed=True)
    closed_at = instant(row, "closed_at")
    not_before(opened_at, closed_at, "closed_at")
    return Ticket(
        source=source,
        ticket_id=text(row, "ticket_id", needed=True),
        outcome_ids=_outcome_ids(row),
        named_use_case=label(text, row, "use_case"),
        opened_at=opened_at,
        closed_at=closed_at,
        updated_at=instant(row, "updated_at", needed=True),
        severity=choice(row, "severity", ("critical", "major", "minor"), needed=True),
        kind=choice(row, "kind", ("correction", "full_review", "spot_check"), needed=True),
        cause=label(choice, row, "cause", ("quality", "input", "policy", "timeout", "other")),
        handling_minutes=number(row, "handling_minutes", 6),
        role=text(row, "role"),
        stated_cost=money(row, "cost"),
        currency=currency_code(row, "currency"),
        status=choice(row, "status", ("open", "closed", "void"), needed=True),
    )


def _outcome_ids(row: Row) -> tuple[str, ...]:
    listed: Any = row.get("outcome_ids")
    if isinstance(listed, str):
        # CSV holds a list as JSON text, or with semicolons.
        if listed.strip().startswith("["):
            try:
                listed = parse_json(listed)
            except ValueError:
                raise BadRow("bad_list outcome_ids") from None
        else:
            listed = [part.strip() for part in listed.split(";")] if ";" in listed else [listed]
    if listed is None:
        listed = []
    if not isinstance(listed, (list, tuple)):
        raise BadRow("bad_list outcome_ids")
    ids = [text(row, "outcome_id"), *(text({"outcome_ids": item}, "outcome_ids") for item in listed)]
    return tuple(dict.fromkeys(item for item in ids if item))


def clock_of(row: Row, source: str) -> Clock:
    """A row of an SLA clock."""
    started_at = instant(row, "started_at", needed=True)
    stopped_at = instant(row, "stopped_at")
    not_before(started_at, stopped_at, "stopped_at")
    status = choice(row, "status", ("running", "stopped", "cancelled"))
    return Clock(
        source=source,
        event_id=text(row, "event_id", needed=True),
        outcome_id=text(row, "outcome_id", needed=True),
        named_use_case=label(text, row, "use_case"),
        metric=choice(row, "metric", ("response", "resolution"), needed=True),
        started_at=started_at,
        due_at=instant(row, "due_at", needed=True),
        stopped_at=stopped_at,
        updated_at=instant(row, "updated_at", needed=True),
        paused_minutes=number(row, "paused_minutes", 6) or Decimal(0),
        status=status or ("running" if stopped_at is None else "stopped"),
    )


def decision_of(row: Row, source: str) -> Decision:
    """A row of a decision."""
    return Decision(
        source=source,
        outcome_id=text(row, "outcome_id", needed=True),
        named_use_case=text(row, "use_case", needed=True),
        decision=choice(row, "decision", ("accepted", "rejected", "abandoned"), needed=True),
        decided_at=instant(row, "decided_at", needed=True),
    )


def minutes(value: Decimal) -> timedelta:
    """Minutes as a duration, cut to microseconds."""
    return int(value * 60_000_000) * MICRO
