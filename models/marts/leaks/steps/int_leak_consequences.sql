{{ config(
    materialized='incremental', incremental_strategy='replace_days', rebuild_days_model='int_leak_cohort_days'
) }}

-- Guarantees one row per outcome with a leak, on the day of the outcome: the rework and delay that go with each leak. A
-- ticket that names the input as its cause is poor input's; one that names a timeout is inefficient fallback's, where
-- there was any; everything else is shared as the outcome's inference cost is (DECISIONS.md, "Leaks"). What is left
-- goes with no leak.
with outcome_leaks as (

    select
        cohort_day as day,
        use_case,
        outcome_id,
        sum(cost) as cost,
        {%- for leak in leaks() %}
        sum({{ leak }}_cost) as {{ leak }}_cost{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('int_attempt_leaks') }}
    where
        outcome_id is not null
        {{ and_in_days_of('int_leak_cohort_days', 'cohort_day') }}
    group by cohort_day, use_case, outcome_id
    having sum(cost) > sum(productive_cost)

),

outcome_shares as (

    select
        day,
        use_case,
        outcome_id,
        inefficient_fallback_cost > 0 as has_fallback,
        {%- for leak in leaks() %}
        cast({{ ratio(leak ~ '_cost', 'cost') }} as decimal(16, 15)) as {{ leak }}_share{{ ',' if not loop.last }}
        {%- endfor %}
    from outcome_leaks

),

outcome_tickets as (

    select
        outcome_shares.use_case,
        outcome_shares.outcome_id,
        sum(case when tickets.cause = 'input' then tickets.rework_cost else 0 end) as input_rework_cost,
        sum(
            case when tickets.cause = 'timeout' and outcome_shares.has_fallback then tickets.rework_cost else 0 end
        ) as timeout_rework_cost,
        sum(
            case
                when tickets.cause = 'input' or (tickets.cause = 'timeout' and outcome_shares.has_fallback) then 0
                else tickets.rework_cost
            end
        ) as shared_rework_cost
    from outcome_shares
    inner join {{ ref('int_ticket_links') }} as tickets
        on
            outcome_shares.use_case = tickets.use_case
            and outcome_shares.outcome_id = tickets.outcome_id
    group by outcome_shares.use_case, outcome_shares.outcome_id

)

select
    outcome_shares.day,
    outcome_shares.use_case,
    outcome_shares.outcome_id,
    {%- for leak in leaks() %}
    cast(
        round(coalesce(outcome_tickets.shared_rework_cost, 0) * outcome_shares.{{ leak }}_share, 12)
        {%- if leak == 'inefficient_fallback' %} + coalesce(outcome_tickets.timeout_rework_cost, 0){% endif %}
        {%- if leak == 'poor_input' %} + coalesce(outcome_tickets.input_rework_cost, 0){% endif %}
        as decimal(38, 12)
    ) as {{ leak }}_rework_cost,
    cast(round(coalesce(delays.delay_cost, 0) * outcome_shares.{{ leak }}_share, 12) as decimal(38, 12))
        as {{ leak }}_delay_cost{{ ',' if not loop.last }}
    {%- endfor %}
from outcome_shares
left join outcome_tickets
    on
        outcome_shares.use_case = outcome_tickets.use_case
        and outcome_shares.outcome_id = outcome_tickets.outcome_id
left join {{ ref('int_outcome_delays') }} as delays
    on
        outcome_shares.use_case = delays.use_case
        and outcome_shares.outcome_id = delays.outcome_id
