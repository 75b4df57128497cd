-- One row is one current span of a trace; `calls_model` tells the attempts from the spans around them, and
-- `may_call_model` those with a model and usage under an operation that nobody knows.
-- Token semantics, declared here once: unless the instrumentation is known to report otherwise, input tokens include
-- cache reads and writes and the tokens of input meters, cache reads those of what is cached of them; output tokens
-- include reasoning (added when the span was read, where its own total proves that it stood outside) and the tokens of
-- output meters. Counts stay whole here, and null where the span reports none, because spans of one call are put
-- together count by count before their parts are taken out of them.
-- `usage_disagrees` says whether the span's own counts contradict each other. A span of the vendor's own client is
-- told by its scope.
select
    _source as source,
    trace_id,
    span_id,
    parent_span_id,
    scope_name,
    trace_id || ':' || span_id as attempt_id,
    trace_id || ':' || parent_span_id as parent_id,
    response_id,
    outcome_id,
    use_case as logged_use_case,
    task_class as logged_task_class,
    provider as logged_provider,
    coalesce(response_model, request_model) as logged_model,
    service_tier,
    started_at,
    ended_at,
    case
        when status_code <> 'error' and error_type is null then 'success'
        when error_type ilike '%timeout%' then 'timeout'
        when error_type ilike '%rate%limit%' or error_type ilike '%429%' then 'rate_limited'
        else 'error'
    end as status,
    case
        when input_includes_cache then input_tokens
        else
            input_tokens + coalesce(cache_read_tokens, 0) + coalesce(cache_write_tokens, 0)
            + coalesce(cache_write_1h_tokens, 0)
    end as whole_input_tokens,
    cache_read_tokens as whole_cache_read_tokens,
    cache_write_tokens,
    cache_write_1h_tokens,
    output_tokens as whole_output_tokens,
    reasoning_tokens,
    unit_input_tokens,
    unit_cache_read_tokens,
    unit_output_tokens,
    units,
    usage_disagrees,
    usage_not_understood,
    modifiers,
    cast(input_tokens is not null as integer) + cast(cache_read_tokens is not null as integer)
        + cast(cache_write_tokens is not null as integer) + cast(cache_write_1h_tokens is not null as integer)
        + cast(output_tokens is not null as integer) + cast(reasoning_tokens is not null as integer)
        + cast(units is not null as integer) as reported_buckets,
    coalesce(scope_name like 'com.anthropic.sdk.%', false) as is_of_vendor,
    cache_hit,
    prompt_hash,
    input_valid,
    can_wait,
    experiment,
    release_id,
    logged_cost,
    case when logged_cost is not null then coalesce(logged_currency, 'USD') end as logged_currency,
    coalesce(resend_count, 0) as hidden_retries,
    attributes,
    coalesce(
        convention = 'openinference'
        or (convention = 'gen_ai' and operation in ('chat', 'text_completion', 'generate_content', 'embeddings')), false
    ) as calls_model,
    coalesce(convention = 'unrecognised', false) as may_call_model,
    _file_sha256 as file_sha256,
    _row_no as file_row_no
from {{ source('otel', 'spans') }}
where _is_current
