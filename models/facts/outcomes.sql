{{ config(materialized='incremental', incremental_strategy='replace_days') }}

-- Guarantees one row per use case and outcome, on the day the outcome's latest attempt ended (of its first decision,
-- where it has no attempts): its state as of the run and everything it cost, however late the cost arose.
with decisions as (

    select
        coalesce(declared.use_case, 'unallocated') as use_case,
        decisions.outcome_id,
        decisions.decision,
        decisions.decided_at,
        decisions.row_hash
    from {{ ref('stg_native__decisions') }} as decisions
    left join {{ ref('int_outcome_use_cases') }} as of_outcome on decisions.outcome_id = of_outcome.outcome_id
    left join {{ ref('int_declared_use_cases') }} as declared
        on coalesce(decisions.logged_use_case, of_outcome.use_case) = declared.use_case
    where decisions.decided_at <= {{ as_of() }}

),

outcomes_in_scope as (

    select
        use_case,
        outcome_id
    from {{ ref('int_outcome_attempts') }}
    where true {{ and_in_rebuild_days('day') }}

    union

    select
        use_case,
        outcome_id
    from decisions
    where true {{ and_in_rebuild_days(day_of('decided_at')) }}

),

outcome_requests as (

    select
        requests.use_case,
        requests.outcome_id,
        count(*) as requests,
        sum(case when requests.is_retried then 1 else 0 end) as retried_requests,
        max_by(
            requests.status = 'success',
            {{ composite(['requests.finished_at', 'requests.started_at', 'requests.source', 'requests.request_id']) }}
        ) as last_request_succeeded
    from {{ ref('int_requests') }} as requests
    inner join outcomes_in_scope
        on
            requests.use_case = outcomes_in_scope.use_case
            and requests.outcome_id = outcomes_in_scope.outcome_id
    group by requests.use_case, requests.outcome_id

),

-- Decisions made at the same instant: the one least favourable to the figures counts.
outcome_decisions as (

    select
        decisions.use_case,
        decisions.outcome_id,
        min(decisions.decided_at) as first_decided_at,
        max_by(
            decisions.decision,
            {{ composite([
                'decisions.decided_at',
                "case decisions.decision when 'rejected' then 3 when 'abandoned' then 2 else 1 end"
            ]) }}
        ) as latest_decision
    from decisions
    inner join outcomes_in_scope
        on
            decisions.use_case = outcomes_in_scope.use_case
            and decisions.outcome_id = outcomes_in_scope.outcome_id
    group by decisions.use_case, decisions.outcome_id

),

outcome_tickets as (

    select
        tickets.use_case,
        tickets.outcome_id,
        count(*) as tickets,
        sum(case when tickets.status <> 'void' and tickets.severity = 'critical' then 1 else 0 end) as critical_tickets,
        sum(case when tickets.status <> 'void' and tickets.kind = 'full_review' then 1 else 0 end) as full_reviews,
        sum(case when tickets.rework_cost is null then 1 else 0 end) as uncosted_tickets,
        sum(case when tickets.status <> 'void' then tickets.handling_minutes else 0 end) as handling_minutes,
        sum(tickets.rework_cost) as rework_cost
    from {{ ref('int_ticket_links') }} as tickets
    inner join outcomes_in_scope
        on
            tickets.use_case = outcomes_in_scope.use_case
            and tickets.outcome_id = outcomes_in_scope.outcome_id
    group by tickets.use_case, tickets.outcome_id

),

outcome_activity as (

    select
        outcomes_in_scope.use_case,
        outcomes_in_scope.outcome_id,
        {{ day_of('coalesce(outcome_attempts.last_finished_at, outcome_decisions.first_decided_at)') }} as day,
        coalesce(outcome_attempts.first_started_at, outcome_decisions.first_decided_at) as first_activity_at,
        coalesce(outcome_attempts.last_finished_at, outcome_decisions.first_decided_at) as completed_at,
        outcome_decisions.latest_decision,
        coalesce(outcome_attempts.attempts, 0) as attempts,
        coalesce(outcome_attempts.reached_attempts, 0) as reached_attempts,
        coalesce(outcome_attempts.reached_context_tokens, 0) as reached_context_tokens,
        coalesce(outcome_attempts.premium_attempts, 0) as premium_attempts,
        coalesce(outcome_attempts.reached_cost, 0) as reached_cost,
        coalesce(outcome_attempts.premium_cost, 0) as premium_cost,
        coalesce(outcome_attempts.inference_cost, 0) as inference_cost,
        coalesce(outcome_attempts.unpriced_attempts, 0) as unpriced_attempts
    from outcomes_in_scope
    left join {{ ref('int_outcome_attempts') }} as outcome_attempts
        on
            outcomes_in_scope.use_case = outcome_attempts.use_case
            and outcomes_in_scope.outcome_id = outcome_attempts.outcome_id
    left join outcome_decisions
        on
            outcomes_in_scope.use_case = outcome_decisions.use_case
            and outcomes_in_scope.outcome_id = outcome_decisions.outcome_id

),

placed_outcomes as (

    select
        outcome_activity.day,
        outcome_activity.use_case,
        outcome_activity.outcome_id,
        coalesce(use_cases.owner, 'unowned') as owner,
        use_cases.criticality,
        outcome_activity.first_activity_at,
        outcome_activity.completed_at,
        {{ acceptance_window_closes_at(
            'outcome_activity.day',
            'coalesce(use_cases.acceptance_window_days, ' ~ var('acceptance_window_days') ~ ')'
        ) }} as acceptance_window_closes_at,
        outcome_activity.latest_decision,
        outcome_activity.attempts,
        outcome_activity.reached_attempts,
        outcome_activity.reached_context_tokens,
        outcome_activity.premium_attempts,
        outcome_activity.reached_cost,
        outcome_activity.premium_cost,
        outcome_activity.inference_cost,
        outcome_activity.unpriced_attempts
    from outcome_activity
    left join {{ ref('stg_reference__use_cases') }} as use_cases
        on
            outcome_activity.use_case = use_cases.use_case
            and {{ start_of_day('outcome_activity.day') }} >= use_cases.valid_from
            and {{ start_of_day('outcome_activity.day') }} < use_cases.valid_to
    where true {{ and_in_rebuild_days('outcome_activity.day') }}

),

judged_outcomes as (

    select
        placed_outcomes.day,
        placed_outcomes.use_case,
        placed_outcomes.outcome_id,
        placed_outcomes.owner,
        placed_outcomes.criticality,
        {{ outcome_state(
            'placed_outcomes.latest_decision',
            'coalesce(outcome_tickets.critical_tickets, 0)',
            'coalesce(outcome_requests.last_request_succeeded, false)',
            'placed_outcomes.acceptance_window_closes_at <= ' ~ as_of()
        ) }} as state,
        placed_outcomes.acceptance_window_closes_at <= {{ as_of() }} as is_window_closed,
        placed_outcomes.acceptance_window_closes_at,
        placed_outcomes.first_activity_at,
        placed_outcomes.completed_at,
        placed_outcomes.latest_decision,
        placed_outcomes.attempts,
        placed_outcomes.reached_attempts,
        placed_outcomes.reached_context_tokens,
        placed_outcomes.premium_attempts,
        placed_outcomes.reached_cost,
        placed_outcomes.premium_cost,
        placed_outcomes.inference_cost,
        placed_outcomes.unpriced_attempts,
        coalesce(outcome_requests.requests, 0) as requests,
        coalesce(outcome_requests.retried_requests, 0) as retried_requests,
        coalesce(outcome_tickets.tickets, 0) as tickets,
        coalesce(outcome_tickets.critical_tickets, 0) as critical_tickets,
        coalesce(outcome_tickets.full_reviews, 0) as full_reviews,
        coalesce(outcome_tickets.uncosted_tickets, 0) as uncosted_tickets,
        coalesce(outcome_tickets.handling_minutes, 0) as handling_minutes,
        coalesce(outcome_tickets.rework_cost, 0) as rework_cost,
        coalesce(delays.clocks, 0) as sla_clocks,
        coalesce(delays.breached_clocks, 0) as breached_sla_clocks,
        coalesce(delays.late_minutes, 0) as late_minutes,
        coalesce(delays.is_uncosted, false) as is_delay_uncosted,
        coalesce(delays.delay_cost, 0) as delay_cost
    from placed_outcomes
    left join outcome_requests
        on
            placed_outcomes.use_case = outcome_requests.use_case
            and placed_outcomes.outcome_id = outcome_requests.outcome_id
    left join outcome_tickets
        on
            placed_outcomes.use_case = outcome_tickets.use_case
            and placed_outcomes.outcome_id = outcome_tickets.outcome_id
    left join {{ ref('int_outcome_delays') }} as delays
        on
            placed_outcomes.use_case = delays.use_case
            and placed_outcomes.outcome_id = delays.outcome_id

)

select
    day,
    use_case,
    outcome_id,
    owner,
    criticality,
    state,
    state <> 'open' as is_complete,
    state = 'accepted' and is_window_closed as is_final,
    latest_decision,
    first_activity_at,
    completed_at,
    acceptance_window_closes_at,
    attempts,
    requests,
    retried_requests,
    reached_attempts,
    cast(reached_context_tokens as bigint) as reached_context_tokens,
    premium_attempts,
    cast(reached_cost as decimal(38, 12)) as reached_cost,
    cast(premium_cost as decimal(38, 12)) as premium_cost,
    unpriced_attempts,
    tickets,
    critical_tickets,
    full_reviews,
    uncosted_tickets,
    cast(handling_minutes as double) as handling_minutes,
    sla_clocks,
    breached_sla_clocks,
    cast(late_minutes as double) as late_minutes,
    is_delay_uncosted,
    cast(inference_cost as decimal(38, 12)) as inference_cost,
    cast(rework_cost as decimal(38, 12)) as rework_cost,
    cast(delay_cost as decimal(38, 12)) as delay_cost,
    cast(inference_cost + rework_cost + delay_cost as decimal(38, 12)) as total_cost
from judged_outcomes
