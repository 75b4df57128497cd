{%- set carried = [
    'attempts', 'requests', 'retried_requests', 'outcomes', 'open_outcomes', 'accepted_outcomes',
    'corrected_outcomes', 'rejected_outcomes', 'provisional_outcomes', 'full_review_outcomes', 'sla_outcomes',
    'sla_met_outcomes', 'reached_attempts', 'reached_context_tokens', 'premium_attempts', 'unpriced_attempts',
    'uncosted_tickets', 'uncosted_delays', 'inference_cost', 'rework_cost', 'delay_cost', 'open_cost',
    'reached_cost', 'premium_cost'
] %}

-- One row per day and use case: its sums, and what its rework cost and accepted outcomes are expected to be once its
-- acceptance window has closed. A day that is old enough, or has no history to learn from, is expected to stay as is.
select
    days.day,
    days.use_case,
    {%- for column in carried %}
    days.{{ column }},
    {%- endfor %}
    -- Exact numbers again, so that the sum over a week does not depend on the order of its days.
    cast(cast(days.rework_cost as double) * coalesce(factors.rework_factor, 1) as decimal(38, 12))
        as developed_rework_cost,
    cast(greatest(
        cast(days.accepted_outcomes as double)
        - cast(days.corrected_outcomes as double) * (coalesce(factors.correction_factor, 1) - 1),
        0
    ) as decimal(38, 12)) as developed_accepted_outcomes
from {{ ref('int_use_case_days') }} as days
left join {{ ref('int_development_factors') }} as factors
    on
        days.use_case = factors.use_case
        and {{ days_between('days.day', day_of(as_of())) }} = factors.age
