-- One row per release, side, comparison window and hour of the first 72: what became known in that hour about the
-- outcomes that began in the window. Before and after, the baseline is the same 72 hours of the week in each of the four
-- weeks before, seen no later than the release is seen; side by side it is the rest of the traffic in the same hours.
-- So both sides are equally young, and rework that has not arrived yet is missing on both.
with sides as (

    select
        release_id,
        use_case,
        comparison,
        'candidate' as arm,
        0 as weeks_before,
        released_at as window_from
    from {{ ref('int_gate_windows') }}

    union all

    select
        windows.release_id,
        windows.use_case,
        windows.comparison,
        'baseline' as arm,
        numbers.number as weeks_before,
        {{ add_microseconds('windows.released_at', 'numbers.number * -7 * 86400000000') }} as window_from
    from {{ ref('int_gate_windows') }} as windows
    inner join {{ ref('int_numbers') }} as numbers
        on
            (windows.comparison = 'before_after' and numbers.number between 1 and {{ var('watch_baseline_weeks') }})
            or (windows.comparison = 'side_by_side' and numbers.number = 0)

),

watched_outcomes as (

    select
        sides.release_id,
        sides.use_case,
        sides.arm,
        sides.weeks_before,
        sides.window_from,
        outcomes.outcome_id,
        outcomes.completed_at,
        outcomes.inference_cost
    from sides
    inner join {{ ref('int_gate_outcomes') }} as outcomes
        on
            sides.release_id = outcomes.release_id
            and sides.window_from <= outcomes.first_activity_at
            and {{ add_microseconds('sides.window_from', var('watch_hours') ~ ' * 3600000000') }} > outcomes.first_activity_at
    where
        sides.comparison = 'before_after'
        or (sides.arm = 'candidate' and outcomes.served_by = 'release')
        or (sides.arm = 'baseline' and outcomes.served_by = 'other')

),

first_rejections as (

    select
        watched_outcomes.release_id,
        watched_outcomes.arm,
        watched_outcomes.weeks_before,
        watched_outcomes.outcome_id,
        min(decisions.decided_at) as bad_at
    from watched_outcomes
    inner join {{ ref('stg_native__decisions') }} as decisions
        on
            watched_outcomes.outcome_id = decisions.outcome_id
            and watched_outcomes.use_case = coalesce(decisions.logged_use_case, watched_outcomes.use_case)
    where decisions.decision in ('rejected', 'abandoned')
    group by 1, 2, 3, 4

),

tickets as (

    select
        watched_outcomes.release_id,
        watched_outcomes.arm,
        watched_outcomes.weeks_before,
        watched_outcomes.window_from,
        watched_outcomes.outcome_id,
        tickets.opened_at,
        tickets.worked_at,
        tickets.rework_cost,
        tickets.status <> 'void' and tickets.severity = 'critical' as is_correction
    from watched_outcomes
    inner join {{ ref('int_ticket_links') }} as tickets
        on
            watched_outcomes.use_case = tickets.use_case
            and watched_outcomes.outcome_id = tickets.outcome_id

),

first_corrections as (

    select
        release_id,
        arm,
        weeks_before,
        outcome_id,
        min(opened_at) as bad_at
    from tickets
    where is_correction
    group by 1, 2, 3, 4

),

events as (

    select
        release_id,
        arm,
        weeks_before,
        window_from,
        completed_at as known_at,
        1 as outcomes,
        0 as bad_outcomes,
        0 as requests,
        0 as failed_requests,
        0 as slow_requests,
        inference_cost,
        0 as rework_cost
    from watched_outcomes

    union all

    -- Known to be bad at the earlier of its first rejection and its first critical correction, not before it completed.
    select
        watched_outcomes.release_id,
        watched_outcomes.arm,
        watched_outcomes.weeks_before,
        watched_outcomes.window_from,
        greatest(
            watched_outcomes.completed_at,
            least(
                coalesce(first_rejections.bad_at, first_corrections.bad_at),
                coalesce(first_corrections.bad_at, first_rejections.bad_at)
            )
        ) as known_at,
        0 as outcomes,
        1 as bad_outcomes,
        0 as requests,
        0 as failed_requests,
        0 as slow_requests,
        0 as inference_cost,
        0 as rework_cost
    from watched_outcomes
    left join first_rejections
        on
            watched_outcomes.release_id = first_rejections.release_id
            and watched_outcomes.arm = first_rejections.arm
            and watched_outcomes.weeks_before = first_rejections.weeks_before
            and watched_outcomes.outcome_id = first_rejections.outcome_id
    left join first_corrections
        on
            watched_outcomes.release_id = first_corrections.release_id
            and watched_outcomes.arm = first_corrections.arm
            and watched_outcomes.weeks_before = first_corrections.weeks_before
            and watched_outcomes.outcome_id = first_corrections.outcome_id
    where coalesce(first_rejections.bad_at, first_corrections.bad_at) is not null

    union all

    select
        release_id,
        arm,
        weeks_before,
        window_from,
        worked_at as known_at,
        0 as outcomes,
        0 as bad_outcomes,
        0 as requests,
        0 as failed_requests,
        0 as slow_requests,
        0 as inference_cost,
        rework_cost
    from tickets
    where rework_cost > 0

    union all

    select
        watched_outcomes.release_id,
        watched_outcomes.arm,
        watched_outcomes.weeks_before,
        watched_outcomes.window_from,
        coalesce(requests.ended_at, requests.started_at) as known_at,
        0 as outcomes,
        0 as bad_outcomes,
        1 as requests,
        case when requests.status <> 'success' then 1 else 0 end as failed_requests,
        case when requests.response_time_ms > times.response_time_p95_ms then 1 else 0 end as slow_requests,
        0 as inference_cost,
        0 as rework_cost
    from watched_outcomes
    inner join {{ ref('requests') }} as requests
        on
            watched_outcomes.use_case = requests.use_case
            and watched_outcomes.outcome_id = requests.outcome_id
    left join {{ ref('int_gate_response_times') }} as times
        on
            watched_outcomes.release_id = times.release_id
            and times.arm = 'baseline'

),

hourly_events as (

    select
        release_id,
        arm,
        weeks_before,
        cast(greatest({{ microseconds_between('window_from', 'known_at') }}, 0) // 3600000000 + 1 as integer)
            as hour_number,
        outcomes,
        bad_outcomes,
        requests,
        failed_requests,
        slow_requests,
        inference_cost,
        rework_cost
    from events
    where known_at <= {{ as_of() }}

)

select
    release_id,
    arm,
    weeks_before,
    hour_number,
    cast(sum(outcomes) as bigint) as outcomes,
    cast(sum(bad_outcomes) as bigint) as bad_outcomes,
    cast(sum(requests) as bigint) as requests,
    cast(sum(failed_requests) as bigint) as failed_requests,
    cast(sum(slow_requests) as bigint) as slow_requests,
    cast(sum(inference_cost) as decimal(38, 12)) as inference_cost,
    cast(sum(rework_cost) as decimal(38, 12)) as rework_cost
from hourly_events
where hour_number between 1 and {{ var('watch_hours') }}
group by release_id, arm, weeks_before, hour_number
