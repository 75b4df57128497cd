"""The landed tables of the native formats, LiteLLM, OpenTelemetry and the desks."""

from __future__ import annotations

from orchestration.ingest.tables import Table, columns_of

TOKENS = "cache_read_tokens:n, cache_write_tokens:n, cache_write_1h_tokens:n"
# What is billed beyond text tokens, and what of it the counts of text hold; see ``units``.
UNITS = "units, unit_input_tokens:n, unit_cache_read_tokens:n, unit_output_tokens:n, usage_not_understood, modifiers"
INFERENCE = Table(
    schema="native",
    name="inference",
    columns=columns_of(
        "attempt_id, request_id, retry_of, outcome_id, use_case, task_class, provider, model, service_tier,"
        "region, deployment,"
        f"started_at:t, ended_at:t, status, input_tokens:n, {TOKENS}, output_tokens:n, reasoning_tokens:n,"
        f"{UNITS}, provider_request_id, cache_hit:b, prompt_hash, input_valid:b, can_wait:b, experiment, release_id,"
        "cost:m, currency, attributes"
    ),
    key=("attempt_id",),
    event_time="started_at",
    rank=("coalesce(output_tokens, -1)", "coalesce(input_tokens, -1)", "_row_hash"),
    has_current=True,
)
REWORK = Table(
    schema="native",
    name="rework",
    columns=columns_of(
        "ticket_id, outcome_ids, use_case, opened_at:t, closed_at:t, updated_at:t, severity, kind, cause,"
        "handling_minutes:min, role, cost:m, currency, status"
    ),
    key=("ticket_id",),
    event_time="updated_at",
    rank=("updated_at", "_row_hash"),
)
SLA = Table(
    schema="native",
    name="sla",
    columns=columns_of(
        "event_id, outcome_id, use_case, metric, started_at:t, due_at:t, stopped_at:t, updated_at:t,"
        "paused_minutes:min, status"
    ),
    key=("event_id",),
    event_time="updated_at",
    rank=("updated_at", "_row_hash"),
)
OUTCOMES = Table(
    schema="native",
    name="outcomes",
    columns=columns_of("outcome_id, use_case, decision, decided_at:t, decided_by_role"),
    # Another time of decision is another decision, never a correction of the first.
    key=("outcome_id", "decided_at"),
    event_time="decided_at",
    rank=("_row_hash",),
)
CALLS = Table(
    schema="litellm",
    name="calls",
    columns=columns_of(
        "shape, call_id, litellm_call_id, retried_call_id, trace_id, session_id, call_type, status, error_class,"
        "error_code, model, model_group, custom_llm_provider, deployment, started_at:t, ended_at:t, prompt_tokens:n,"
        "completion_tokens:n,"
        f"{TOKENS}, reasoning_tokens:n, {UNITS}, region,"
        "usage_disagrees:b, cache_hit:b, spend:m, service_tier, attempted_retries:n,"
        "attempted_fallbacks:n, outcome_id, use_case, task_class, release_id, experiment, can_wait:b, input_valid:b,"
        "prompt_hash, attributes"
    ),
    key=("call_id",),
    event_time="started_at",
    rank=("coalesce(completion_tokens, -1)", "coalesce(prompt_tokens, -1)", "_row_hash"),
    has_current=True,
)
SPANS = Table(
    schema="otel",
    name="spans",
    columns=columns_of(
        "trace_id, span_id, parent_span_id, span_name, scope_name, service_name, started_at:t, ended_at:t,"
        "status_code, convention, operation, provider, request_model, response_model, response_id, service_tier,"
        f"error_type, input_tokens:n, {TOKENS}, output_tokens:n, reasoning_tokens:n, {UNITS},"
        "input_includes_cache:b, usage_disagrees:b, resend_count:n, logged_cost:m, logged_currency, outcome_id,"
        "use_case, task_class, release_id, experiment, can_wait:b, input_valid:b, cache_hit:b, prompt_hash, attributes"
    ),
    key=("trace_id", "span_id"),
    event_time="started_at",
    rank=("coalesce(output_tokens, -1)", "coalesce(input_tokens, -1)", "_row_hash"),
    has_current=True,
)
# A desk's records of every kind in one table, told apart by `record`: columns that a kind does not have are null.
_DESK_TICKET = (
    "record, record_id, ticket_id, ticket_key, outcome_ids, use_case, is_in_scope:b, is_rework:b, opened_at:t,"
    "closed_at:t, updated_at:t, severity, kind, cause, handling_minutes:min, role, status, reopens:n"
)
_DESK_CLOCK = ", metric, started_at:t, due_at:t, stopped_at:t, paused_seconds:n, clock_status"


def _desk(schema: str, more_columns: str, *first_ranks: str) -> Table:
    return Table(
        schema=schema,
        name="records",
        columns=columns_of(_DESK_TICKET + more_columns),
        key=("record", "record_id"),
        event_time="updated_at",
        rank=(*first_ranks, "updated_at", "_row_hash"),
    )


ZENDESK = _desk(
    "zendesk",
    ", priority, metric_name, instance_id:n, event_type, target_minutes:min, business_hours:b, policy_id,"
    "is_deleted:b, policy_metrics",
    # A deleted event keeps its time.
    "coalesce(is_deleted, false)",
)
JIRA = _desk("jira", ", worklogs, sla_cycles")
SERVICENOW = _desk("servicenow", _DESK_CLOCK)
PAGERDUTY = _desk("pagerduty", _DESK_CLOCK)
