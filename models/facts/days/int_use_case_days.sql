{{ config(materialized='incremental', incremental_strategy='replace_days') }}

{%- set sums = [
    'attempts', 'reached_attempts', 'reached_context_tokens', 'premium_attempts', 'unpriced_attempts', 'requests',
    'retried_requests', 'outcomes', 'open_outcomes', 'accepted_outcomes', 'provisional_outcomes',
    'corrected_outcomes', 'rejected_outcomes', 'full_review_outcomes', 'sla_outcomes', 'sla_met_outcomes',
    'uncosted_tickets', 'uncosted_delays'
] %}
{%- set amounts = [
    'reached_cost', 'premium_cost', 'inference_cost', 'rework_cost', 'delay_cost', 'open_cost'
] %}

-- Guarantees one row per day and use case with anything on it, cohort basis: everything an outcome took and cost stands
-- on the day of the outcome; what belongs to no outcome stands on its own day. Only sums and counts, so that weeks and
-- months add up from days.
with outcome_days as (

    select
        day,
        use_case,
        sum(attempts) as attempts,
        sum(reached_attempts) as reached_attempts,
        sum(reached_context_tokens) as reached_context_tokens,
        sum(premium_attempts) as premium_attempts,
        sum(unpriced_attempts) as unpriced_attempts,
        sum(case when is_complete then 1 else 0 end) as outcomes,
        sum(case when not is_complete then 1 else 0 end) as open_outcomes,
        sum(case when state = 'accepted' then 1 else 0 end) as accepted_outcomes,
        sum(case when state = 'accepted' and not is_final then 1 else 0 end) as provisional_outcomes,
        sum(case when state = 'corrected' then 1 else 0 end) as corrected_outcomes,
        sum(case when state in ('rejected', 'abandoned') then 1 else 0 end) as rejected_outcomes,
        sum(case when is_complete and full_reviews > 0 then 1 else 0 end) as full_review_outcomes,
        sum(case when sla_clocks > 0 then 1 else 0 end) as sla_outcomes,
        sum(case when sla_clocks > 0 and breached_sla_clocks = 0 then 1 else 0 end) as sla_met_outcomes,
        sum(uncosted_tickets) as uncosted_tickets,
        sum(case when is_delay_uncosted then 1 else 0 end) as uncosted_delays,
        sum(reached_cost) as reached_cost,
        sum(premium_cost) as premium_cost,
        sum(inference_cost) as inference_cost,
        sum(rework_cost) as rework_cost,
        sum(delay_cost) as delay_cost,
        sum(case when is_complete then 0 else total_cost end) as open_cost
    from {{ ref('outcomes') }}
    where true {{ and_in_rebuild_days('day') }}
    group by day, use_case

),

attempts_without_outcome as (

    select
        day,
        use_case,
        count(*) as attempts,
        sum(case when reached_model then 1 else 0 end) as reached_attempts,
        sum(case when reached_model then context_tokens else 0 end) as reached_context_tokens,
        sum(case when reached_model and tier = 'premium' then 1 else 0 end) as premium_attempts,
        sum(case when cost is null then 1 else 0 end) as unpriced_attempts,
        sum(case when reached_model then cost else 0 end) as reached_cost,
        sum(case when reached_model and tier = 'premium' then cost else 0 end) as premium_cost,
        sum(cost) as inference_cost
    from {{ ref('attempts') }}
    where
        outcome_id is null
        {{ and_in_rebuild_days('day') }}
    group by day, use_case

),

request_days as (

    select
        cohort_day as day,
        use_case,
        count(*) as requests,
        sum(case when is_retried then 1 else 0 end) as retried_requests
    from {{ ref('requests') }}
    where true {{ and_in_rebuild_days('cohort_day') }}
    group by cohort_day, use_case

),

-- Tickets and clocks that are about no outcome we know keep their cost on the day they were opened or started.
unlinked_tickets as (

    select
        tickets.day,
        tickets.use_case,
        sum(case when tickets.rework_cost is null then 1 else 0 end) as uncosted_tickets,
        sum(tickets.rework_cost) as rework_cost
    from {{ ref('int_ticket_links') }} as tickets
    left join {{ ref('outcomes') }} as outcomes
        on
            tickets.use_case = outcomes.use_case
            and tickets.outcome_id = outcomes.outcome_id
    where
        outcomes.outcome_id is null
        {{ and_in_rebuild_days('tickets.day') }}
    group by tickets.day, tickets.use_case

),

unlinked_delays as (

    select
        delays.day,
        delays.use_case,
        sum(case when delays.is_uncosted then 1 else 0 end) as uncosted_delays,
        sum(delays.delay_cost) as delay_cost
    from {{ ref('int_outcome_delays') }} as delays
    left join {{ ref('outcomes') }} as outcomes
        on
            delays.use_case = outcomes.use_case
            and delays.outcome_id = outcomes.outcome_id
    where
        outcomes.outcome_id is null
        {{ and_in_rebuild_days('delays.day') }}
    group by delays.day, delays.use_case

),

{%- set parts = {
    'outcome_days': [
        'attempts', 'reached_attempts', 'reached_context_tokens', 'premium_attempts', 'unpriced_attempts', 'outcomes',
        'open_outcomes', 'accepted_outcomes', 'provisional_outcomes', 'corrected_outcomes', 'rejected_outcomes',
        'full_review_outcomes', 'sla_outcomes', 'sla_met_outcomes', 'uncosted_tickets', 'uncosted_delays',
        'reached_cost', 'premium_cost', 'inference_cost', 'rework_cost', 'delay_cost', 'open_cost'
    ],
    'attempts_without_outcome': [
        'attempts', 'reached_attempts', 'reached_context_tokens', 'premium_attempts', 'unpriced_attempts',
        'reached_cost', 'premium_cost', 'inference_cost'
    ],
    'request_days': ['requests', 'retried_requests'],
    'unlinked_tickets': ['uncosted_tickets', 'rework_cost'],
    'unlinked_delays': ['uncosted_delays', 'delay_cost']
} %}

all_parts as (
{% for part, measures in parts.items() %}
    select
        day,
        use_case
        {%- for measure in sums + amounts %},
        {{ measure if measure in measures else '0' }} as {{ measure }}
        {%- endfor %}
    from {{ part }}
    {{ 'union all' if not loop.last }}
{%- endfor %}
)

select
    day,
    use_case,
    {%- for measure in sums %}
    cast(coalesce(sum({{ measure }}), 0) as bigint) as {{ measure }},
    {%- endfor %}
    {%- for amount in amounts %}
    cast(coalesce(sum({{ amount }}), 0) as decimal(38, 12)) as {{ amount }}{{ ',' if not loop.last }}
    {%- endfor %}
from all_parts
group by day, use_case
