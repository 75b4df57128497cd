"""The landed tables of gateways and cloud logs; see ``tables``."""

from __future__ import annotations

from orchestration.ingest.tables import Table, columns_of
from orchestration.sources.tables import TOKENS, UNITS

PLACED = "outcome_id, use_case, task_class, release_id, experiment, can_wait:b, input_valid:b, prompt_hash"

OBSERVATIONS = Table(
    schema="langfuse",
    name="observations",
    columns=columns_of(
        "record_kind, observation_id, trace_id, parent_id, session_id, observation_type, level, error_kind,"
        "environment, release, name, model, provider, service_tier, started_at:t, ended_at:t, updated_at:t,"
        f"is_deleted:b, input_tokens:n, {TOKENS}, output_tokens:n, reasoning_tokens:n, {UNITS},"
        "provider_request_id, total_tokens:n, input_includes_parts:b, output_includes_parts:b,"
        f"usage_disagrees:b, logged_cost:m, cache_hit:b, {PLACED}, attributes"
    ),
    key=("record_kind", "observation_id"),
    event_time="started_at",
    # The latest version wins; of two with one time the deletion, then the fuller one: pages of the API leave out
    # what was not asked for.
    rank=(
        "updated_at",
        "coalesce(is_deleted, false)",
        "coalesce(output_tokens, -1)",
        "coalesce(input_tokens, -1)",
        "list_count([provider, outcome_id, use_case, prompt_hash])",
        "_row_hash",
    ),
    has_current=True,
)
REVIEWS = Table(
    schema="langfuse",
    name="scores",
    columns=columns_of(
        "record_kind, review_id, trace_id, observation_id, session_id, name, score_source, data_type, queue_id,"
        "opened_at:t, closed_at:t, updated_at:t, is_deleted:b, is_rework:b, severity, kind, cause, role,"
        f"handling_minutes:min, {PLACED}, attributes"
    ),
    key=("record_kind", "review_id"),
    event_time="updated_at",
    rank=("updated_at", "coalesce(is_deleted, false)", "_row_hash"),
)
REQUESTS = Table(
    schema="helicone",
    name="requests",
    columns=columns_of(
        "request_id, response_id, session_id, trace_id, provider, model, status_code, is_threat:b, started_at:t,"
        f"ended_at:t, updated_at:t, prompt_tokens:n, {TOKENS}, completion_tokens:n, reasoning_tokens:n,"
        f"{UNITS}, total_tokens:n, usage_disagrees:b, cost:m, cache_hit:b,"
        f"{PLACED}, attributes"
    ),
    key=("request_id",),
    event_time="started_at",
    rank=("updated_at", "coalesce(completion_tokens, -1)", "coalesce(prompt_tokens, -1)", "_row_hash"),
    has_current=True,
)
INVOCATIONS = Table(
    schema="bedrock",
    name="invocations",
    columns=columns_of(
        "request_id, trace_id, account_id, region, inference_region, operation, model_id, service_tier, latency_mode,"
        f"status, error_code, stop_reason, started_at:t, ended_at:t, input_tokens:n, {TOKENS}, output_tokens:n,"
        f"total_tokens:n, {UNITS}, usage_disagrees:b, {PLACED}, attributes"
    ),
    key=("request_id",),
    event_time="started_at",
    rank=("coalesce(output_tokens, -1)", "coalesce(input_tokens, -1)", "_row_hash"),
    has_current=True,
)
LLM_LOGS = Table(
    schema="azure_apim",
    name="llm_logs",
    columns=columns_of(
        "shape, correlation_id, request_id, provider_request_id, trace_id, sequence_number:n, operation, deployment,"
        "model, gateway_region, api_version, is_stream:b, status_code, started_at:t, ended_at:t, prompt_tokens:n,"
        "cache_read_tokens:n, completion_tokens:n, reasoning_tokens:n, total_tokens:n,"
        f"{UNITS}, usage_disagrees:b, {PLACED}, attributes"
    ),
    key=("correlation_id",),
    event_time="started_at",
    # Long messages come in several rows of which one holds the counts, and the gateway's own log, which may come
    # besides, also holds the cached ones.
    rank=(
        "coalesce(completion_tokens, -1)",
        "coalesce(prompt_tokens, -1)",
        "(cache_read_tokens IS NOT NULL)",
        "(coalesce(model, deployment) IS NOT NULL)",
        "-coalesce(sequence_number, 0)",
        "_row_hash",
    ),
    has_current=True,
)
