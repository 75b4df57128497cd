{{ config(materialized='incremental', incremental_strategy='replace_days') }}

-- Guarantees one row per request, on the day it started, with the day it counts for in the use-case marts: the day of
-- its outcome, or its own where it serves none.
select
    requests.day,
    requests.source,
    requests.request_id,
    requests.use_case,
    requests.outcome_id,
    coalesce(outcomes.day, requests.day) as cohort_day,
    requests.task_class,
    requests.request_rule,
    requests.started_at,
    requests.ended_at,
    case
        when requests.ended_at is not null then {{ milliseconds_between('requests.started_at', 'requests.ended_at') }}
    end as response_time_ms,
    requests.status,
    requests.attempts,
    requests.is_retried,
    requests.reached_attempts,
    requests.inference_cost,
    requests.unpriced_attempts
from {{ ref('int_requests') }} as requests
left join {{ ref('int_outcome_attempts') }} as outcomes
    on
        requests.use_case = outcomes.use_case
        and requests.outcome_id = outcomes.outcome_id
where true {{ and_in_rebuild_days('requests.day') }}
