-- One row per release, side of the comparison (baseline or candidate) and day: sums over its outcomes. Attempts that serve
-- no outcome count on the day they started. Of a comparison side by side only days on which both sides have outcomes are
-- kept, and outcomes that both versions served are left out.
with compared_outcomes as (

    select
        outcomes.release_id,
        outcomes.use_case,
        case
            when windows.comparison = 'side_by_side' and outcomes.served_by = 'release' then 'candidate'
            when windows.comparison = 'side_by_side' then 'baseline'
            when outcomes.is_after_release then 'candidate'
            else 'baseline'
        end as arm,
        outcomes.day,
        outcomes.state,
        outcomes.is_complete,
        outcomes.is_final,
        outcomes.acceptance_window_closes_at,
        outcomes.attempts,
        outcomes.requests,
        outcomes.unpriced_attempts,
        outcomes.sla_clocks,
        outcomes.breached_sla_clocks,
        outcomes.handling_minutes,
        outcomes.inference_cost,
        outcomes.rework_cost,
        outcomes.delay_cost
    from {{ ref('int_gate_outcomes') }} as outcomes
    inner join {{ ref('int_gate_windows') }} as windows on outcomes.release_id = windows.release_id
    where
        outcomes.first_activity_at < windows.candidate_until
        and (
            windows.comparison = 'before_after'
            or (outcomes.is_after_release and outcomes.served_by <> 'both')
        )

),

outcome_days as (

    select
        release_id,
        use_case,
        arm,
        day,
        sum(case when is_complete then 1 else 0 end) as outcomes,
        sum(case when state = 'accepted' then 1 else 0 end) as accepted_outcomes,
        sum(case when state = 'corrected' then 1 else 0 end) as corrected_outcomes,
        sum(case when acceptance_window_closes_at > {{ as_of() }} then 1 else 0 end) as immature_outcomes,
        sum(attempts) as attempts,
        sum(requests) as requests,
        sum(unpriced_attempts) as unpriced_attempts,
        sum(case when sla_clocks > 0 then 1 else 0 end) as sla_outcomes,
        sum(case when sla_clocks > 0 and breached_sla_clocks = 0 then 1 else 0 end) as sla_met_outcomes,
        -- Minutes of shared tickets are fractions; as exact numbers their sum does not depend on the order of rows.
        sum(cast(handling_minutes as decimal(38, 9))) as handling_minutes,
        sum(inference_cost) as inference_cost,
        sum(rework_cost) as rework_cost,
        sum(delay_cost) as delay_cost
    from compared_outcomes
    group by release_id, use_case, arm, day

),

loose_attempts as (

    select
        windows.release_id,
        case
            when windows.comparison = 'side_by_side' and attempts.release_id = windows.release_id then 'candidate'
            when windows.comparison = 'side_by_side' then 'baseline'
            when attempts.started_at >= windows.released_at then 'candidate'
            else 'baseline'
        end as arm,
        attempts.day,
        count(*) as attempts,
        sum(case when attempts.cost is null then 1 else 0 end) as unpriced_attempts,
        coalesce(sum(attempts.cost), 0) as inference_cost
    from {{ ref('int_gate_windows') }} as windows
    inner join {{ ref('attempts') }} as attempts
        on
            windows.use_case = attempts.use_case
            and windows.baseline_from <= attempts.started_at
            and windows.candidate_until > attempts.started_at
    where attempts.outcome_id is null
    group by 1, 2, 3

),

two_sided_days as (

    select
        release_id,
        day
    from outcome_days
    group by release_id, day
    having count(distinct arm) = 2

)

select
    outcome_days.release_id,
    outcome_days.use_case,
    outcome_days.arm,
    outcome_days.day,
    cast(outcome_days.outcomes as bigint) as outcomes,
    cast(outcome_days.accepted_outcomes as bigint) as accepted_outcomes,
    cast(outcome_days.corrected_outcomes as bigint) as corrected_outcomes,
    cast(outcome_days.immature_outcomes as bigint) as immature_outcomes,
    cast(outcome_days.attempts + coalesce(loose_attempts.attempts, 0) as bigint) as attempts,
    cast(outcome_days.requests as bigint) as requests,
    cast(outcome_days.unpriced_attempts + coalesce(loose_attempts.unpriced_attempts, 0) as bigint) as unpriced_attempts,
    cast(outcome_days.sla_outcomes as bigint) as sla_outcomes,
    cast(outcome_days.sla_met_outcomes as bigint) as sla_met_outcomes,
    outcome_days.handling_minutes,
    cast(outcome_days.inference_cost + coalesce(loose_attempts.inference_cost, 0) as decimal(38, 12)) as inference_cost,
    cast(outcome_days.rework_cost as decimal(38, 12)) as rework_cost,
    cast(outcome_days.delay_cost as decimal(38, 12)) as delay_cost
from outcome_days
inner join {{ ref('int_gate_windows') }} as windows on outcome_days.release_id = windows.release_id
left join two_sided_days
    on
        outcome_days.release_id = two_sided_days.release_id
        and outcome_days.day = two_sided_days.day
left join loose_attempts
    on
        outcome_days.release_id = loose_attempts.release_id
        and outcome_days.arm = loose_attempts.arm
        and outcome_days.day = loose_attempts.day
where
    windows.comparison = 'before_after'
    or two_sided_days.day is not null
