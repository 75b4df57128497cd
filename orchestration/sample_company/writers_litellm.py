"""Rows as the LiteLLM proxy stores them (spend-log table) and as its callbacks send them (standard logging payload).

A spend-log row holds its JSON columns as strings, its cache flag as the text of a Python boolean, and one row per proxy
request whose short-lived retries are only counted; failures that reached a provider have rows of their own with the
same session. The payload has objects, true and false, and epoch seconds. The caller's own keys stand in
``spend_logs_metadata``.
"""

from __future__ import annotations

import hashlib
from typing import Any

import orjson

from orchestration.sample_company.company import CANARY, UseCase
from orchestration.sample_company.landing_files import LandingFiles, Row, csv_bytes, json_line
from orchestration.sample_company.records import Attempt, time_of, week_of

CSV_WEEK = "2026-W29"
_PROVIDERS = {"aws": "bedrock", "google": "vertex_ai"}
_ERRORS = {
    "rate_limited": ("429", "RateLimitError"),
    "timeout": ("408", "Timeout"),
    "error": ("500", "InternalServerError"),
    "blocked": ("400", "ContentPolicyViolationError"),
}
_TEAMS = {"claims_triage": "claims-platform", "sales_email_drafts": "sales-enablement", "product_tagging": "catalogue"}


def _digest(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _uuid(text: str) -> str:
    digest = _digest(text)
    return f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:]}"


def swallow_retries(attempts: list[Attempt]) -> list[Attempt]:
    """Attempts that get a row: the proxy only counts rate-limited tries of a request that a later try answered."""
    last = {attempt.request_key: attempt for attempt in attempts}
    kept = []
    for attempt in attempts:
        final = last[attempt.request_key]
        if attempt.status == "rate_limited" and final.status == "success":
            final.swallowed_retries += 1
        else:
            kept.append(attempt)
    return kept


def _usage(attempt: Attempt) -> Row:
    prompt = attempt.context_tokens
    return {
        "prompt_tokens": prompt,
        "completion_tokens": attempt.output_tokens,
        "total_tokens": prompt + attempt.output_tokens,
        "prompt_tokens_details": {
            "cached_tokens": attempt.cache_read_tokens,
            "audio_tokens": None,
            "text_tokens": None,
            "cache_creation_tokens": attempt.cache_write_tokens + attempt.cache_write_1h_tokens,
            "cache_creation_token_details": {
                "ephemeral_5m_input_tokens": attempt.cache_write_tokens,
                "ephemeral_1h_input_tokens": attempt.cache_write_1h_tokens,
            },
        },
        "completion_tokens_details": {"reasoning_tokens": attempt.reasoning_tokens, "audio_tokens": None},
    }


def _caller_keys(attempt: Attempt) -> Row:
    """The caller's keys; the claims team leaves its use case to its team name."""
    keys: dict[str, Any] = {
        "outcome_id": attempt.outcome_id,
        "use_case": None if attempt.use_case == "claims_triage" else attempt.use_case,
        "task_class": attempt.task_class,
        "release_id": attempt.release_id,
        "experiment": attempt.experiment,
        "prompt_hash": attempt.prompt_hash,
        "can_wait": attempt.can_wait or None,
        "input_valid": None if attempt.input_valid else False,
    }
    return {name: value for name, value in keys.items() if value is not None}


def _metadata(attempt: Attempt, fallback: bool, lost_spend: bool) -> Row:
    team, code = _TEAMS[attempt.use_case], _ERRORS.get(attempt.status)
    return {
        "user_api_key": _digest(f"key:{team}"),
        "user_api_key_alias": f"{team}-prod",
        "user_api_key_team_id": _uuid(f"team:{team}"),
        "user_api_key_org_id": "org-insurance",
        "user_api_key_team_alias": team,
        "spend_logs_metadata": _caller_keys(attempt),
        "status": None if code is None else "failure",
        "usage_object": _usage(attempt),
        "attempted_retries": attempt.swallowed_retries,
        "max_retries": 2,
        "attempted_fallbacks": 1 if fallback else 0,
        "cost_breakdown": {"total_cost": float(attempt.cost or 0)} if lost_spend or attempt.cost else None,
        "error_information": None
        if code is None
        else {
            "error_code": code[0],
            "error_class": code[1],
            "llm_provider": attempt.provider,
            "error_message": "upstream",
        },
    }


def _row_id(attempt: Attempt) -> str:
    base = f"chatcmpl-{_uuid(attempt.attempt_id)}"
    return f"{base}_cache_hit{attempt.started_ms / 1000}" if attempt.cache_hit else base


def spend_log_row(attempt: Attempt, fallback: bool) -> Row:
    """One row of the spend-log table."""
    start, end = time_of(attempt.started_ms), time_of(attempt.ended_ms)
    # Known defect of the proxy: some streamed rows lose their spend while the breakdown has it.
    lost_spend = attempt.started_ms % 97 == 0
    provider = _PROVIDERS.get(attempt.provider, attempt.provider)
    return {
        "request_id": _row_id(attempt),
        "call_type": "acompletion",
        "api_key": _digest(f"key:{_TEAMS[attempt.use_case]}"),
        "spend": 0.0 if lost_spend else float(attempt.cost or 0),
        "total_tokens": attempt.context_tokens + attempt.output_tokens,
        "prompt_tokens": attempt.context_tokens,
        "completion_tokens": attempt.output_tokens,
        "startTime": start.isoformat(timespec="milliseconds"),
        "endTime": end.isoformat(timespec="milliseconds"),
        "request_duration_ms": attempt.ended_ms - attempt.started_ms,
        "completionStartTime": end.isoformat(timespec="milliseconds"),
        "model": attempt.model,
        "model_id": _digest(f"deployment:{attempt.model}"),
        "model_group": "default-chat",
        "custom_llm_provider": provider,
        "api_base": "",
        "user": "",
        "metadata": orjson.dumps(_metadata(attempt, fallback, lost_spend)).decode(),
        "cache_hit": "True" if attempt.cache_hit else ("None" if attempt.started_ms % 5 == 0 else "False"),
        "cache_key": "Cache OFF",
        "request_tags": orjson.dumps([f"team:{_TEAMS[attempt.use_case]}", "env:prod"]).decode(),
        "team_id": _uuid(f"team:{_TEAMS[attempt.use_case]}"),
        "end_user": "",
        "requester_ip_address": None,
        "messages": orjson.dumps([{"role": "user", "content": f"{CANARY} case text"}]).decode(),
        "response": orjson.dumps({"choices": [{"message": {"content": f"{CANARY} answer"}}]}).decode(),
        "proxy_server_request": "{}",
        "session_id": _uuid(attempt.request_key),
        "status": "success" if attempt.status == "success" else "failure",
        "litellm_call_id": _uuid(f"call:{attempt.attempt_id}"),
    }


def payload_row(attempt: Attempt, fallback: bool) -> Row:
    """One standard logging payload."""
    metadata = _metadata(attempt, fallback, False)
    error = metadata.pop("error_information")
    metadata |= {
        "user_api_key_hash": metadata.pop("user_api_key"),
        "requester_ip_address": None,
        "requester_metadata": {},
    }
    trace = _uuid(attempt.request_key)
    return {
        "id": _row_id(attempt),
        "trace_id": trace,
        "session_id": trace,
        "litellm_call_id": _uuid(f"call:{attempt.attempt_id}"),
        "call_type": "acompletion",
        "stream": False,
        "response_cost": float(attempt.cost or 0),
        "status": "success" if attempt.status == "success" else "failure",
        "custom_llm_provider": _PROVIDERS.get(attempt.provider, attempt.provider),
        "total_tokens": attempt.context_tokens + attempt.output_tokens,
        "prompt_tokens": attempt.context_tokens,
        "completion_tokens": attempt.output_tokens,
        "startTime": attempt.started_ms / 1000,
        "endTime": attempt.ended_ms / 1000,
        "completionStartTime": attempt.ended_ms / 1000,
        "response_time": (attempt.ended_ms - attempt.started_ms) / 1000,
        "model": attempt.model,
        "model_id": _digest(f"deployment:{attempt.model}"),
        "model_group": "tagging",
        "api_base": "",
        "metadata": metadata,
        "cache_hit": True if attempt.cache_hit else (None if attempt.started_ms % 5 == 0 else False),
        "cache_key": None,
        "saved_cache_cost": 0.0,
        "request_tags": [f"team:{_TEAMS[attempt.use_case]}"],
        "end_user": "",
        "messages": [{"role": "user", "content": f"{CANARY} product text"}],
        "response": {"choices": [{"message": {"role": "assistant", "content": f"{CANARY} tags"}}]},
        "error_str": None if error is None else "upstream",
        "error_information": error,
        "model_parameters": {"temperature": 0},
        "hidden_params": {"response_cost": None, "usage_object": None},
    }


def write_litellm(files: LandingFiles, case: UseCase, attempts: list[Attempt]) -> None:
    """Weekly files of one use case."""
    table: list[Row] = []
    for attempt in sorted(attempts, key=lambda a: (a.started_ms, a.attempt_id)):
        week = week_of(attempt.started_ms)
        fallback = case.fallback == (attempt.provider, attempt.model) and attempt.retry_of is not None
        if case.log == "payload":
            files.add(f"litellm/standard_logging/{week}.jsonl.zst", json_line(payload_row(attempt, fallback)))
            continue
        row = spend_log_row(attempt, fallback)
        if week == CSV_WEEK:
            table.append(row)
        else:
            suffix = ".jsonl.gz" if int(week[-2:]) % 2 else ".jsonl"
            files.add(f"litellm/spend_logs/{case.name}-{week}{suffix}", json_line(row))
    if table:
        content = csv_bytes(table, list(table[0]))
        files.add_whole(f"litellm/spend_logs/{case.name}-{CSV_WEEK}.csv", content, len(table))
