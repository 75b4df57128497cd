{{ config(materialized='incremental', incremental_strategy='replace_days') }}

-- Guarantees one row per generation or embedding of Langfuse. An outcome id, use case or task class that stands only
-- elsewhere in the trace (often on the trace itself) is taken from there when all rows of the trace that name one
-- agree.
with calls_in_scope as (

    select
        source,
        trace_id,
        observation_id
    from {{ ref('stg_langfuse__observations') }}
    where
        calls_model
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
        rows_of_trace.source,
        rows_of_trace.trace_id,
        case when count(distinct rows_of_trace.outcome_id) = 1 then min(rows_of_trace.outcome_id) end as outcome_id,
        case
            when count(distinct rows_of_trace.logged_use_case) = 1 then min(rows_of_trace.logged_use_case)
        end as logged_use_case,
        case
            when count(distinct rows_of_trace.logged_task_class) = 1 then min(rows_of_trace.logged_task_class)
        end as logged_task_class
    from {{ ref('stg_langfuse__observations') }} as rows_of_trace
    inner join traces_in_scope
        on
            rows_of_trace.source = traces_in_scope.source
            and rows_of_trace.trace_id = traces_in_scope.trace_id
    where rows_of_trace.started_at <= {{ as_of() }}
    group by rows_of_trace.source, rows_of_trace.trace_id

)

select
    {{ day_of('calls.started_at') }} as day,
    {% call attempt_columns() %}
    calls.source,
    calls.observation_id as attempt_id,
    -- Generations under one parent follow one another; one after a failed one is its retry.
    calls.trace_id || ':' || coalesce(calls.parent_id, '') as retry_group,
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
    calls.unit_input_tokens,
    calls.unit_output_tokens,
    calls.units,
    calls.usage_reported,
    calls.usage_disagrees,
    calls.usage_not_understood,
    calls.modifiers,
    calls.provider_request_id,
    calls.cache_hit,
    calls.prompt_hash,
    calls.input_valid,
    calls.can_wait,
    calls.experiment,
    calls.release_id,
    calls.logged_cost,
    calls.logged_currency,
    calls.attributes,
    calls.file_sha256,
    calls.file_row_no
    {% endcall %}
from {{ ref('stg_langfuse__observations') }} as calls
inner join calls_in_scope
    on
        calls.source = calls_in_scope.source
        and calls.observation_id = calls_in_scope.observation_id
left join traces
    on
        calls.source = traces.source
        and calls.trace_id = traces.trace_id
where calls.calls_model
