{{ config(materialized='incremental', incremental_strategy='replace_days') }}

-- Guarantees one row per call of a model: where two instrumentations wrote a span each for the same response, the one
-- that reports more token buckets stays. An outcome id, use case or task class that stands only elsewhere in the trace
-- (often on its root span) is taken from there when all spans of the trace that name one agree.
with calls_in_scope as (

    select
        source,
        trace_id,
        attempt_id
    from {{ ref('stg_otel__spans') }}
    where
        calls_model
        and logged_model is not null
        and started_at <= {{ as_of() }}
        {{ and_in_rebuild_days(day_of('started_at')) }}

),

traces_in_scope as (

    select distinct
        source,
        trace_id
    from calls_in_scope

),

traces as (

    select
        spans.source,
        spans.trace_id,
        case when count(distinct spans.outcome_id) = 1 then min(spans.outcome_id) end as outcome_id,
        case when count(distinct spans.logged_use_case) = 1 then min(spans.logged_use_case) end as logged_use_case,
        case when count(distinct spans.logged_task_class) = 1 then min(spans.logged_task_class) end as logged_task_class
    from {{ ref('stg_otel__spans') }} as spans
    inner join traces_in_scope
        on
            spans.source = traces_in_scope.source
            and spans.trace_id = traces_in_scope.trace_id
    where spans.started_at <= {{ as_of() }}
    group by spans.source, spans.trace_id

),

same_response as (

    select
        spans.source,
        spans.attempt_id,
        row_number() over (
            partition by spans.source, spans.trace_id, spans.response_id
            order by
                spans.reported_buckets desc,
                (spans.cache_write_1h_tokens > 0) desc,
                spans.span_id desc
        ) as preference
    from {{ ref('stg_otel__spans') }} as spans
    inner join traces_in_scope
        on
            spans.source = traces_in_scope.source
            and spans.trace_id = traces_in_scope.trace_id
    where
        spans.calls_model
        and spans.logged_model is not null
        and spans.response_id is not null
        and spans.started_at <= {{ as_of() }}

)

select
    {{ day_of('calls.started_at') }} as day,
    {% call attempt_columns() %}
    calls.source,
    calls.attempt_id,
    calls.trace_id || ':' || coalesce(calls.parent_span_id, '') as retry_group,
    coalesce(calls.outcome_id, traces.outcome_id) as outcome_id,
    coalesce(calls.logged_use_case, traces.logged_use_case) as logged_use_case,
    coalesce(calls.logged_task_class, traces.logged_task_class) as logged_task_class,
    calls.logged_provider,
    calls.logged_model,
    calls.service_tier,
    calls.started_at,
    calls.ended_at,
    calls.status,
    calls.input_tokens,
    calls.cache_read_tokens,
    calls.cache_write_tokens,
    calls.cache_write_1h_tokens,
    calls.output_tokens,
    calls.reasoning_tokens,
    calls.audio_input_tokens,
    calls.audio_output_tokens,
    calls.image_input_tokens,
    calls.usage_reported,
    calls.usage_disagrees,
    calls.cache_hit,
    calls.prompt_hash,
    calls.input_valid,
    calls.can_wait,
    calls.experiment,
    calls.release_id,
    calls.logged_cost,
    calls.logged_currency,
    calls.hidden_retries,
    calls.attributes,
    calls.file_sha256,
    calls.file_row_no
    {% endcall %}
from {{ ref('stg_otel__spans') }} as calls
inner join calls_in_scope
    on
        calls.source = calls_in_scope.source
        and calls.attempt_id = calls_in_scope.attempt_id
inner join traces
    on
        calls.source = traces.source
        and calls.trace_id = traces.trace_id
left join same_response
    on
        calls.source = same_response.source
        and calls.attempt_id = same_response.attempt_id
where coalesce(same_response.preference, 1) = 1
