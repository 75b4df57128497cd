{{ config(materialized='incremental', incremental_strategy='replace_days') }}

{#- What spans of one call fill in for each other. -#}
{%- set filled = [
    'response_id', 'outcome_id', 'logged_use_case', 'logged_task_class', 'logged_provider', 'service_tier',
    'whole_input_tokens', 'whole_cache_read_tokens', 'cache_write_tokens', 'cache_write_1h_tokens',
    'whole_output_tokens', 'reasoning_tokens', 'unit_input_tokens', 'unit_cache_read_tokens', 'unit_output_tokens',
    'units', 'usage_not_understood', 'modifiers', 'cache_hit', 'prompt_hash', 'input_valid', 'can_wait', 'experiment',
    'release_id', 'logged_cost', 'logged_currency', 'attributes'
] %}

{%- set columns = [
    'source', 'trace_id', 'span_id', 'parent_span_id', 'scope_name', 'attempt_id', 'parent_id', 'response_id',
    'outcome_id', 'logged_use_case', 'logged_task_class', 'logged_provider', 'logged_model', 'service_tier',
    'started_at', 'ended_at', 'status', 'whole_input_tokens', 'whole_cache_read_tokens', 'cache_write_tokens',
    'cache_write_1h_tokens', 'whole_output_tokens', 'reasoning_tokens', 'unit_input_tokens',
    'unit_cache_read_tokens', 'unit_output_tokens', 'units', 'usage_disagrees', 'usage_not_understood', 'modifiers',
    'reported_buckets', 'is_of_vendor', 'cache_hit', 'prompt_hash', 'input_valid', 'can_wait', 'experiment',
    'release_id', 'logged_cost', 'logged_currency', 'hidden_retries', 'attributes', 'calls_model', 'may_call_model',
    'file_sha256', 'file_row_no'
] %}

-- Guarantees one row per call of a model. Spans are of one call when they name one response, whatever their traces, or
-- when they failed without one under the same parent, at the same time, seen by different instrumentations. The span of
-- the vendor's own client stays, else the one that reports more; the others fill in what it does not report, count by
-- count, and a retry that any of them saw is one.
-- A span under an operation that nobody knows is a call when it has a model and usage and no call is inside it.
-- An outcome id, use case or task class that stands only elsewhere in the trace (often on its root span) is taken from
-- there when all spans of the trace that name one agree.
with possible_calls as (

    select {{ columns | join(', ') }}
    from {{ ref('stg_otel__spans') }}
    where
        (calls_model or may_call_model)
        and logged_model is not null
        and started_at <= {{ as_of() }}

),

possible_in_scope as (

    select
        source,
        trace_id,
        attempt_id,
        response_id
    from possible_calls
    where true {{ and_in_rebuild_days(day_of('started_at')) }}

),

responses_in_scope as (

    select distinct
        source,
        response_id
    from possible_in_scope
    where response_id is not null

),

traces_in_scope as (

    select
        source,
        trace_id
    from possible_in_scope
    union
    select
        possible_calls.source,
        possible_calls.trace_id
    from possible_calls
    inner join responses_in_scope
        on
            possible_calls.source = responses_in_scope.source
            and possible_calls.response_id = responses_in_scope.response_id

),

traces as (

    select
        spans.source,
        spans.trace_id,
        case when count(distinct spans.outcome_id) = 1 then min(spans.outcome_id) end as outcome_id,
        case when count(distinct spans.logged_use_case) = 1 then min(spans.logged_use_case) end as logged_use_case,
        case when count(distinct spans.logged_task_class) = 1 then min(spans.logged_task_class) end as logged_task_class,
        max(cast(spans.may_call_model as integer)) = 1 as has_unrecognised
    from {{ ref('stg_otel__spans') }} as spans
    inner join traces_in_scope
        on
            spans.source = traces_in_scope.source
            and spans.trace_id = traces_in_scope.trace_id
    where spans.started_at <= {{ as_of() }}
    group by spans.source, spans.trace_id

),

parents as (

    select
        spans.source,
        spans.attempt_id,
        spans.parent_id as retry_of
    from {{ ref('stg_otel__spans') }} as spans
    inner join traces
        on
            spans.source = traces.source
            and spans.trace_id = traces.trace_id
    where
        traces.has_unrecognised
        and spans.parent_id is not null

),

ancestors as (

    {{ recursive_walk('parents') }}

),

around_calls as (

    select distinct
        ancestors.source,
        ancestors.ancestor_id
    from ancestors
    inner join possible_calls
        on
            ancestors.source = possible_calls.source
            and ancestors.attempt_id = possible_calls.attempt_id

),

calls as (

    select
        {{ columns_of('possible_calls', columns) }},
        coalesce(possible_calls.parent_span_id, '') as parent_key
    from possible_calls
    inner join traces_in_scope
        on
            possible_calls.source = traces_in_scope.source
            and possible_calls.trace_id = traces_in_scope.trace_id
    left join around_calls
        on
            possible_calls.source = around_calls.source
            and possible_calls.attempt_id = around_calls.ancestor_id
    where
        possible_calls.calls_model
        or around_calls.ancestor_id is null

),

-- The first failure that one instrumentation saw under a parent is the first that another one saw there.
failures as (

    select
        source,
        trace_id,
        parent_key,
        logged_model,
        attempt_id,
        started_at,
        {{ finished_at('ended_at', 'started_at') }} as finished_at,
        row_number() over (
            partition by source, trace_id, parent_key, logged_model, scope_name order by started_at, attempt_id
        ) as place
    from calls
    where
        status <> 'success'
        and response_id is null

),

first_failures as (

    select
        source,
        attempt_id,
        started_at,
        min(started_at) over same_place as first_started_at,
        {{ first_known('attempt_id', composite(['started_at', 'attempt_id'])) }} over same_place as first_attempt_id,
        {{ first_known('finished_at', composite(['started_at', 'attempt_id'])) }} over same_place as first_finished_at
    from failures
    window same_place as (partition by source, trace_id, parent_key, logged_model, place)

),

keyed_calls as (

    select
        {{ columns_of('calls', columns + ['parent_key']) }},
        case
            when calls.response_id is not null then 'response:' || calls.response_id
            when first_failures.started_at <= first_failures.first_finished_at
                then 'span:' || first_failures.first_attempt_id
            else 'span:' || calls.attempt_id
        end as call_key
    from calls
    left join first_failures
        on
            calls.source = first_failures.source
            and calls.attempt_id = first_failures.attempt_id

),

ranked_calls as (

    select
        {{ (columns + ['parent_key', 'call_key']) | join(', ') }},
        row_number() over (
            partition by source, call_key
            order by is_of_vendor desc, reported_buckets desc, started_at, whole_output_tokens desc, attempt_id
        ) as preference,
        max(hidden_retries) over (partition by source, call_key) as most_hidden_retries
    from keyed_calls

),

others as (

    select
        source,
        call_key,
        {%- for column in filled %}
        {{ first_known(column, 'preference') }} as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from ranked_calls
    where preference > 1
    group by source, call_key

),

whole_calls as (

    select
        ranked_calls.source,
        ranked_calls.trace_id,
        ranked_calls.attempt_id,
        ranked_calls.parent_key,
        ranked_calls.logged_model,
        ranked_calls.started_at,
        ranked_calls.ended_at,
        ranked_calls.status,
        ranked_calls.usage_disagrees,
        ranked_calls.most_hidden_retries,
        ranked_calls.file_sha256,
        ranked_calls.file_row_no,
        {%- for column in filled %}
        coalesce(ranked_calls.{{ column }}, others.{{ column }}) as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from ranked_calls
    left join others
        on
            ranked_calls.source = others.source
            and ranked_calls.call_key = others.call_key
    where
        ranked_calls.preference = 1
        {{ and_in_rebuild_days(day_of('ranked_calls.started_at')) }}

),

-- What is left of a whole when its parts are out; below 0 only where spans contradict each other.
text_of_calls as (

    select
        source, trace_id, attempt_id, parent_key, logged_model, started_at, ended_at, status, usage_disagrees,
        most_hidden_retries, file_sha256, file_row_no,
        {{ filled | join(', ') }},
        whole_input_tokens - coalesce(whole_cache_read_tokens, 0) - coalesce(cache_write_tokens, 0)
            - coalesce(cache_write_1h_tokens, 0) - coalesce(unit_input_tokens, 0) as text_input_tokens,
        coalesce(whole_cache_read_tokens, 0) - coalesce(unit_cache_read_tokens, 0) as text_cache_read_tokens,
        whole_output_tokens - coalesce(unit_output_tokens, 0) as text_output_tokens
    from whole_calls

)

select
    {{ day_of('calls.started_at') }} as day,
    {% call attempt_columns() %}
    calls.source,
    calls.attempt_id,
    calls.trace_id || ':' || calls.parent_key as retry_group,
    coalesce(calls.outcome_id, traces.outcome_id) as outcome_id,
    coalesce(calls.logged_use_case, traces.logged_use_case) as logged_use_case,
    coalesce(calls.logged_task_class, traces.logged_task_class) as logged_task_class,
    coalesce(calls.logged_provider, 'unknown') as logged_provider,
    calls.logged_model,
    coalesce(calls.service_tier, 'standard') as service_tier,
    calls.started_at,
    calls.ended_at,
    calls.status,
    greatest(coalesce(calls.text_input_tokens, 0), 0) as input_tokens,
    greatest(calls.text_cache_read_tokens, 0) as cache_read_tokens,
    coalesce(calls.cache_write_tokens, 0) as cache_write_tokens,
    coalesce(calls.cache_write_1h_tokens, 0) as cache_write_1h_tokens,
    greatest(coalesce(calls.text_output_tokens, 0), coalesce(calls.reasoning_tokens, 0)) as output_tokens,
    coalesce(calls.reasoning_tokens, 0) as reasoning_tokens,
    coalesce(calls.unit_input_tokens, 0) + coalesce(calls.unit_cache_read_tokens, 0) as unit_input_tokens,
    coalesce(calls.unit_output_tokens, 0) as unit_output_tokens,
    calls.units,
    calls.whole_input_tokens is not null or calls.status <> 'success' as usage_reported,
    coalesce(calls.usage_disagrees, false)
        or coalesce(calls.text_input_tokens < 0, false)
        or calls.text_cache_read_tokens < 0
        or coalesce(calls.text_output_tokens < coalesce(calls.reasoning_tokens, 0), false) as usage_disagrees,
    calls.usage_not_understood,
    calls.modifiers,
    calls.response_id as provider_request_id,
    coalesce(calls.cache_hit, false) as cache_hit,
    calls.prompt_hash,
    calls.input_valid,
    coalesce(calls.can_wait, false) as can_wait,
    calls.experiment,
    calls.release_id,
    calls.logged_cost,
    coalesce(calls.logged_currency, 'USD') as logged_currency,
    calls.most_hidden_retries as hidden_retries,
    calls.attributes,
    calls.file_sha256,
    calls.file_row_no
    {% endcall %}
from text_of_calls as calls
inner join traces
    on
        calls.source = traces.source
        and calls.trace_id = traces.trace_id
