-- One row per release and outcome of its use case that began within the comparison days before or after the release:
-- which side of the release it began on, and whether the release served it. `served_by` is release, other or both,
-- by the release that its attempts name; an outcome without attempts was served by other.
with releases as (

    select
        release_id,
        use_case,
        released_at,
        {{ add_microseconds('released_at', '-' ~ var('gate_days') ~ ' * 86400000000') }} as compared_from,
        {{ add_microseconds('released_at', var('gate_days') ~ ' * 86400000000') }} as compared_until
    from {{ ref('stg_reference__releases') }}

),

outcomes as (

    select
        releases.release_id,
        releases.released_at,
        outcomes.use_case,
        outcomes.outcome_id,
        outcomes.day,
        outcomes.first_activity_at,
        outcomes.completed_at,
        outcomes.first_activity_at >= releases.released_at as is_after_release,
        outcomes.state,
        outcomes.is_complete,
        outcomes.is_final,
        outcomes.attempts,
        outcomes.requests,
        outcomes.unpriced_attempts,
        outcomes.sla_clocks,
        outcomes.breached_sla_clocks,
        outcomes.handling_minutes,
        outcomes.inference_cost,
        outcomes.rework_cost,
        outcomes.delay_cost,
        outcomes.acceptance_window_closes_at
    from releases
    inner join {{ ref('outcomes') }} as outcomes
        on
            releases.use_case = outcomes.use_case
            and releases.compared_from <= outcomes.first_activity_at
            and releases.compared_until > outcomes.first_activity_at

),

served as (

    select
        outcomes.release_id,
        outcomes.outcome_id,
        sum(case when attempts.release_id = outcomes.release_id then 1 else 0 end) as release_attempts,
        count(*) as attempts
    from outcomes
    inner join {{ ref('attempts') }} as attempts
        on
            outcomes.use_case = attempts.use_case
            and outcomes.outcome_id = attempts.outcome_id
    where outcomes.is_after_release
    group by outcomes.release_id, outcomes.outcome_id

)

select
    outcomes.release_id,
    outcomes.released_at,
    outcomes.use_case,
    outcomes.outcome_id,
    outcomes.day,
    outcomes.first_activity_at,
    outcomes.completed_at,
    outcomes.is_after_release,
    case
        when coalesce(served.release_attempts, 0) = 0 then 'other'
        when served.release_attempts = served.attempts then 'release'
        else 'both'
    end as served_by,
    outcomes.state,
    outcomes.is_complete,
    outcomes.is_final,
    outcomes.attempts,
    outcomes.requests,
    outcomes.unpriced_attempts,
    outcomes.sla_clocks,
    outcomes.breached_sla_clocks,
    outcomes.handling_minutes,
    outcomes.inference_cost,
    outcomes.rework_cost,
    outcomes.delay_cost,
    outcomes.acceptance_window_closes_at
from outcomes
left join served
    on
        outcomes.release_id = served.release_id
        and outcomes.outcome_id = served.outcome_id
