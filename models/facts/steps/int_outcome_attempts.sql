{{ config(materialized='incremental', incremental_strategy='replace_days') }}

-- Guarantees one row per use case and outcome with attempts, on the day its latest attempt ended: what its attempts used
-- and cost. The day is the outcome's own, so that requests and costs can be put on it before its tickets are known.
with outcomes_in_scope as (

    select distinct
        use_case,
        outcome_id
    from {{ ref('attempts') }}
    where
        outcome_id is not null
        {{ and_in_rebuild_days('finished_day') }}

),

outcome_attempts as (

    select
        attempts.use_case,
        attempts.outcome_id,
        count(*) as attempts,
        sum(case when attempts.reached_model then 1 else 0 end) as reached_attempts,
        sum(case when attempts.reached_model then attempts.context_tokens else 0 end) as reached_context_tokens,
        sum(case when attempts.reached_model and attempts.tier = 'premium' then 1 else 0 end) as premium_attempts,
        sum(case when attempts.reached_model then attempts.cost else 0 end) as reached_cost,
        sum(case when attempts.reached_model and attempts.tier = 'premium' then attempts.cost else 0 end)
            as premium_cost,
        sum(attempts.cost) as inference_cost,
        sum(case when attempts.cost is null then 1 else 0 end) as unpriced_attempts,
        min(attempts.started_at) as first_started_at,
        max({{ finished_at('attempts.ended_at', 'attempts.started_at') }}) as last_finished_at
    from {{ ref('attempts') }} as attempts
    inner join outcomes_in_scope
        on
            attempts.use_case = outcomes_in_scope.use_case
            and attempts.outcome_id = outcomes_in_scope.outcome_id
    group by attempts.use_case, attempts.outcome_id

)

select
    {{ day_of('last_finished_at') }} as day,
    use_case,
    outcome_id,
    attempts,
    reached_attempts,
    reached_context_tokens,
    premium_attempts,
    reached_cost,
    premium_cost,
    inference_cost,
    unpriced_attempts,
    first_started_at,
    last_finished_at
from outcome_attempts
where true {{ and_in_rebuild_days(day_of('last_finished_at')) }}
