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

)

select
    releases.release_id,
    releases.released_at,
    outcomes.use_case,
    outcomes.outcome_id,
    outcomes.day,
    outcomes.first_activity_at,
    outcomes.completed_at,
    outcomes.first_activity_at >= releases.released_at as is_after_release,
    case
        when outcomes.first_activity_at >= releases.released_at then coalesce(served.served_by, 'other')
        else 'other'
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
from releases
inner join {{ ref('outcomes') }} as outcomes
    on
        releases.use_case = outcomes.use_case
        and releases.compared_from <= outcomes.first_activity_at
        and releases.compared_until > outcomes.first_activity_at
left join {{ ref('int_release_outcomes') }} as served
    on
        releases.release_id = served.release_id
        and outcomes.use_case = served.use_case
        and outcomes.outcome_id = served.outcome_id
