"""The landed tables of ``raw.duckdb``: columns and types in order."""

from __future__ import annotations

from dataclasses import dataclass

MONEY = "DECIMAL(38,12)"
MINUTES = "DECIMAL(18,6)"
TIME = "TIMESTAMPTZ"

LINEAGE: dict[str, str] = {
    "_source": "VARCHAR",
    "_file_sha256": "VARCHAR",
    "_line_no": "BIGINT",
    "_row_no": "BIGINT",
    "_row_hash": "VARCHAR",
    "_load_id": "BIGINT",
    "_rescued": "VARCHAR",
}
# JSON of what mapping rules may look at. It is part of a row's identity, or the row that came first would decide.
AS_TEXTS = "attributes"


def columns_of(text: str) -> dict[str, str]:
    """``name`` or ``name:TYPE`` separated by commas; VARCHAR when no type stands there."""
    types = {"": "VARCHAR", "n": "BIGINT", "t": TIME, "b": "BOOLEAN", "m": MONEY, "min": MINUTES}
    parsed = (item.strip().partition(":") for item in text.split(","))
    return {name: types[kind] for name, _, kind in parsed}


@dataclass(frozen=True)
class Table:
    """A landed table.

    Attributes:
        columns: own columns (after the lineage ones and ``_is_current``) and their DuckDB types.
        key: columns that, with ``_source``, identify what a row describes.
        event_time: column of the moment that decides which days a row touches.
        rank: SQL expressions; of two different rows with one key the greater tuple wins. ``_row_hash`` is the last,
            so that the order of arrival never matters.
        has_current: the table marks the winner in ``_is_current``; otherwise the winner is chosen in dbt, because
            it depends on the as-of time.
        is_statement: rows have no identity of their own; which of them count follows from the deliveries that they
            came in, key by key (see ``deliveries``).
        line: of a statement's table, columns that tell the lines under a key apart; empty where nothing does.
    """

    schema: str
    name: str
    columns: dict[str, str]
    key: tuple[str, ...]
    event_time: str
    rank: tuple[str, ...]
    has_current: bool = False
    is_statement: bool = False
    line: tuple[str, ...] = ()

    @property
    def full_name(self) -> str:
        return f"{self.schema}.{self.name}"

    @property
    def all_columns(self) -> dict[str, str]:
        """Every column in table order."""
        current = {"_is_current": "BOOLEAN"} if self.has_current else {}
        return {**LINEAGE, **current, **self.columns}


TOKENS = "cache_read_tokens:n, cache_write_tokens:n, cache_write_1h_tokens:n"
MODALITIES = "audio_input_tokens:n, audio_output_tokens:n, image_input_tokens:n"
TOOLS = (
    "web_search_calls:n, file_search_calls:n, code_interpreter_calls:n, cache_storage_token_hours:n, guardrail_units"
)

INFERENCE = Table(
    schema="native",
    name="inference",
    columns=columns_of(
        "attempt_id, request_id, retry_of, outcome_id, use_case, task_class, provider, model, service_tier,"
        "region, deployment,"
        f"started_at:t, ended_at:t, status, input_tokens:n, {TOKENS}, output_tokens:n, reasoning_tokens:n,"
        f"{MODALITIES}, {TOOLS}, cache_hit:b, prompt_hash, input_valid:b, can_wait:b, experiment, release_id, cost:m,"
        "currency, attributes"
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
        f"{TOKENS}, reasoning_tokens:n, {MODALITIES}, web_search_calls:n, region, guardrail_units,"
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
        f"error_type, input_tokens:n, {TOKENS}, output_tokens:n, reasoning_tokens:n, {MODALITIES},"
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
DESKS = (ZENDESK, JIRA, SERVICENOW, PAGERDUTY)


LEDGER_TABLES: dict[str, dict[str, str]] = {
    "ledger.load_files": {
        "file_sha256": "VARCHAR",
        "source": "VARCHAR",
        "first_name": "VARCHAR",
        "bytes": "BIGINT",
        "format": "VARCHAR",
        "compression": "VARCHAR",
        "rows_in": "BIGINT",
        "loaded": "BIGINT",
        "duplicate": "BIGINT",
        "superseded": "BIGINT",
        "quarantined": "BIGINT",
        "status": "VARCHAR",
        "reason": "VARCHAR",
        "load_id": "BIGINT",
        "run_id": "VARCHAR",
        "parser_version": "VARCHAR",
        "min_time": TIME,
        "max_time": TIME,
        "loaded_at": TIME,
        "unusable_labels": "VARCHAR",
    },
    "ledger.quarantined_rows": {
        "file_sha256": "VARCHAR",
        "source": "VARCHAR",
        "file_name": "VARCHAR",
        "line_no": "BIGINT",
        "row_no": "BIGINT",
        "reason_code": "VARCHAR",
        "field": "VARCHAR",
        "value_length": "BIGINT",
        "value_hmac": "VARCHAR",
        "load_id": "BIGINT",
    },
    # What a landing path held when it was last read, so that an unchanged file is not read again every night.
    "ledger.seen_files": {
        "source": "VARCHAR",
        "path": "VARCHAR",
        "fingerprint": "VARCHAR",
        "file_sha256": "VARCHAR",
    },
    "ledger.publishes": {
        "publish_id": "VARCHAR",
        "run_id": "VARCHAR",
        "as_of": TIME,
        "published_at": TIME,
        "content_hash": "VARCHAR",
        "checks_passed": "BIGINT",
        "max_load_id": "BIGINT",
        "reference_hash": "VARCHAR",
        "code_hash": "VARCHAR",
    },
    # A run that came to its end: it published, or found what is published to be what it would have published.
    "ledger.finished_runs": {
        "run_id": "VARCHAR",
        "publish_id": "VARCHAR",
        "as_of": TIME,
        "finished_at": TIME,
        "max_load_id": "BIGINT",
        "audit_mark": "VARCHAR",
    },
    # Figures of days that were over when they were published, and that a later publish changed.
    "ledger.restatements": {
        "publish_id": "VARCHAR",
        "former_publish_id": "VARCHAR",
        "published_at": TIME,
        "day": "DATE",
        "use_case": "VARCHAR",
        "measure": "VARCHAR",
        "former_value": MONEY,
        "value": MONEY,
        "delta": MONEY,
        "reference_changed": "BOOLEAN",
        "code_changed": "BOOLEAN",
    },
    "ledger.reference_rows": {
        "seed": "VARCHAR",
        "row_hash": "VARCHAR",
        "valid_from": TIME,
        "valid_to": TIME,
        "row_text": "VARCHAR",
    },
    # One row is one crossing of a budget's threshold that was found in a published build. It is written before anything
    # is sent and never changes what it says, so that a repetition is the same message.
    "ledger.alert_outbox": {
        "alert_key": "VARCHAR",
        "owner": "VARCHAR",
        "use_case": "VARCHAR",
        "budget": "VARCHAR",
        "month": "DATE",
        "budget_revision": "INTEGER",
        "threshold": "VARCHAR",
        "crossed_day": "DATE",
        "spent_amount": "DECIMAL(38, 12)",
        "limit_amount": "DECIMAL(38, 12)",
        "escalate_to": "VARCHAR",
        "is_restated": "BOOLEAN",
        "publish_id": "VARCHAR",
        "state": "VARCHAR",
        "attempts": "BIGINT",
        "queued_at": TIME,
        "next_attempt_at": TIME,
        "sent_at": TIME,
        "last_error": "VARCHAR",
    },
    "control.run": {"run_id": "VARCHAR", "as_of": TIME, "mode": "VARCHAR"},
    "control.rebuild_days": {"day": "DATE"},
    # dbt nodes that the run leaves as they are.
    "control.kept_nodes": {"node": "VARCHAR"},
}
