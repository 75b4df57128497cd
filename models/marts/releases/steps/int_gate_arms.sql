-- One row per release and side of the comparison: totals, and the variance of each measure with the day as the unit,
-- since outcomes of one day share its incidents, its case mix and its people. The error of the estimated growth of
-- immature days is added as if it struck all of them alike.
with arms as (

    select
        release_id,
        arm,
        count(*) as days,
        cast(sum(outcomes) as bigint) as outcomes,
        cast(sum(accepted_outcomes) as bigint) as accepted_outcomes,
        cast(sum(immature_outcomes) as bigint) as immature_outcomes,
        cast(sum(attempts) as bigint) as attempts,
        cast(sum(requests) as bigint) as requests,
        cast(sum(unpriced_attempts) as bigint) as unpriced_attempts,
        cast(sum(sla_outcomes) as bigint) as sla_outcomes,
        cast(sum(sla_met_outcomes) as bigint) as sla_met_outcomes,
        sum(inference_cost) as inference_cost,
        sum(total_cost) as total_cost,
        sum(developed_total_cost) as developed_total_cost,
        sum(developed_rework_cost) as developed_rework_cost,
        sum(developed_handling_minutes) as developed_handling_minutes,
        sum(developed_accepted_outcomes) as developed_accepted_outcomes,
        sum(developed_rework_error) as developed_rework_error,
        sum(developed_accepted_error) as developed_accepted_error,
        {{ log_ratio_variance('developed_total_cost', 'developed_accepted_outcomes') }} as cost_day_variance,
        {{ log_ratio_variance('developed_rework_cost', 'outcomes') }} as rework_day_variance,
        {{ log_ratio_variance('developed_handling_minutes', 'outcomes') }} as minutes_day_variance,
        {{ log_ratio_variance('developed_accepted_outcomes', 'outcomes') }} as acceptance_day_variance
    from {{ ref('int_gate_days') }}
    group by release_id, arm

),

rates as (

    select
        {%- for column in [
            "release_id", "arm", "days", "outcomes", "accepted_outcomes", "immature_outcomes", "attempts", "requests",
            "unpriced_attempts", "sla_outcomes", "sla_met_outcomes", "inference_cost", "total_cost", "cost_day_variance",
            "rework_day_variance", "minutes_day_variance", "acceptance_day_variance"
        ] %}
        arms.{{ column }},
        {%- endfor %}
        {{ ratio('arms.developed_total_cost', 'arms.developed_accepted_outcomes') }} as cost_per_accepted_outcome,
        {{ ratio('arms.developed_rework_cost', 'arms.outcomes') }} as rework_cost_per_outcome,
        {{ ratio('arms.developed_handling_minutes', 'arms.outcomes') }} as handling_minutes_per_outcome,
        {{ ratio('arms.developed_accepted_outcomes', 'arms.outcomes') }} as acceptance_rate,
        {{ ratio('arms.developed_rework_error', 'arms.developed_total_cost') }} as total_cost_error,
        {{ ratio('arms.developed_rework_error', 'arms.developed_rework_cost') }} as rework_error,
        {{ ratio('arms.developed_accepted_error', 'arms.developed_accepted_outcomes') }} as accepted_error
    from arms

)

select
    release_id,
    arm,
    days,
    outcomes,
    accepted_outcomes,
    immature_outcomes,
    attempts,
    requests,
    unpriced_attempts,
    sla_outcomes,
    sla_met_outcomes,
    cast(inference_cost as decimal(38, 12)) as inference_cost,
    cast(total_cost as decimal(38, 12)) as total_cost,
    {{ ratio('inference_cost', 'requests') }} as cost_per_request,
    cost_per_accepted_outcome,
    rework_cost_per_outcome,
    handling_minutes_per_outcome,
    acceptance_rate,
    round(
        cost_day_variance + power(coalesce(total_cost_error, 0) + coalesce(accepted_error, 0), 2), 12
    ) as cost_log_variance,
    round(rework_day_variance + power(coalesce(rework_error, 0), 2), 12) as rework_log_variance,
    round(minutes_day_variance + power(coalesce(rework_error, 0), 2), 12) as minutes_log_variance,
    -- As many independent outcomes as would give the same variance (Rao and Scott 1992); never more than there are.
    round(outcomes / greatest(1, coalesce(
        {{ ratio(
            'power(acceptance_rate, 2) * (acceptance_day_variance + power(coalesce(accepted_error, 0), 2))',
            'acceptance_rate * (1 - acceptance_rate) / nullif(outcomes, 0)'
        ) }}, 1
    )), 9) as effective_outcomes
from rates
