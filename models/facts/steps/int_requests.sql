{{ config(materialized='incremental', incremental_strategy='replace_days') }}

{%- set last_attempt = composite([
    'attempts.started_at', finished_at('attempts.ended_at', 'attempts.started_at'), 'attempts.attempt_id'
]) %}

-- Guarantees one row per request, on the day its first attempt started. A request belongs to the outcome and use case
-- of its first attempt that names an outcome, else to the use case of the first that names one; it ended as its last
-- attempt did.
with attempts_in_scope as (

    select
        source,
        request_id
    from {{ ref('attempts') }}
    where true {{ and_in_rebuild_days('day') }}

),

-- Most requests have one attempt and are as it is.
repeated_requests as (

    select
        attempts.source,
        attempts.request_id
    from {{ ref('attempts') }} as attempts
    {%- if is_incremental() %}
    inner join (select distinct source, request_id from attempts_in_scope) as requests_in_scope
        on
            attempts.source = requests_in_scope.source
            and attempts.request_id = requests_in_scope.request_id
    {%- endif %}
    group by attempts.source, attempts.request_id
    having count(*) > 1

),

summed_requests as (

    select
        attempts.source,
        attempts.request_id,
        coalesce(
            min_by(
                attempts.use_case, {{ composite(['attempts.started_at', 'attempts.attempt_id']) }}
            ) filter (where attempts.outcome_id is not null),
            min_by(
                attempts.use_case, {{ composite(['attempts.started_at', 'attempts.attempt_id']) }}
            ) filter (where attempts.logged_use_case is not null),
            min_by(attempts.use_case, {{ composite(['attempts.started_at', 'attempts.attempt_id']) }})
        ) as use_case,
        min_by(
            attempts.outcome_id, {{ composite(['attempts.started_at', 'attempts.attempt_id']) }}
        ) filter (where attempts.outcome_id is not null) as outcome_id,
        min_by(
            attempts.task_class, {{ composite(['attempts.started_at', 'attempts.attempt_id']) }}
        ) filter (where attempts.task_class is not null) as task_class,
        min(attempts.request_rule) as request_rule,
        min(attempts.started_at) as started_at,
        max({{ finished_at('attempts.ended_at', 'attempts.started_at') }}) as finished_at,
        max(attempts.ended_at) as latest_ended_at,
        max_by(attempts.status, {{ last_attempt }}) as status,
        max_by(attempts.ended_at is not null, {{ last_attempt }}) as has_known_end,
        count(*) as attempts,
        sum(attempts.hidden_retries) as hidden_retries,
        sum(case when attempts.reached_model then 1 else 0 end) as reached_attempts,
        coalesce(sum(attempts.cost), 0) as inference_cost,
        sum(case when attempts.cost is null then 1 else 0 end) as unpriced_attempts
    from {{ ref('attempts') }} as attempts
    inner join repeated_requests
        on
            attempts.source = repeated_requests.source
            and attempts.request_id = repeated_requests.request_id
    group by attempts.source, attempts.request_id

),

requests as (

    select
        source,
        request_id,
        use_case,
        outcome_id,
        task_class,
        request_rule,
        started_at,
        finished_at,
        latest_ended_at,
        status,
        has_known_end,
        attempts,
        hidden_retries,
        reached_attempts,
        inference_cost,
        unpriced_attempts
    from summed_requests

    union all

    select
        attempts.source,
        attempts.request_id,
        attempts.use_case,
        attempts.outcome_id,
        attempts.task_class,
        attempts.request_rule,
        attempts.started_at,
        {{ finished_at('attempts.ended_at', 'attempts.started_at') }} as finished_at,
        attempts.ended_at as latest_ended_at,
        attempts.status,
        attempts.ended_at is not null as has_known_end,
        1 as attempts,
        attempts.hidden_retries,
        case when attempts.reached_model then 1 else 0 end as reached_attempts,
        coalesce(attempts.cost, 0) as inference_cost,
        case when attempts.cost is null then 1 else 0 end as unpriced_attempts
    from {{ ref('attempts') }} as attempts
    left join repeated_requests
        on
            attempts.source = repeated_requests.source
            and attempts.request_id = repeated_requests.request_id
    where
        repeated_requests.request_id is null
        {{ and_in_rebuild_days('attempts.day') }}

)

select
    {{ day_of('started_at') }} as day,
    source,
    request_id,
    use_case,
    outcome_id,
    task_class,
    request_rule,
    started_at,
    finished_at,
    -- Without the end of its last attempt a request has no response time, rather than one that is too short.
    case when has_known_end then latest_ended_at end as ended_at,
    status,
    attempts,
    attempts > 1 or hidden_retries > 0 as is_retried,
    reached_attempts,
    cast(inference_cost as decimal(38, 12)) as inference_cost,
    unpriced_attempts
from requests
where true {{ and_in_rebuild_days(day_of('started_at')) }}
