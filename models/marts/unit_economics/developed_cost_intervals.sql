{%- set sums = [
    'outcomes', 'accepted_outcomes', 'provisional_outcomes', 'total_cost', 'developed_total_cost',
    'developed_accepted_outcomes', 'rework_variance', 'accepted_variance', 'rework_factor_error',
    'accepted_factor_error'
] %}

-- Guarantees one row per grain (day, week, month), period and use case: the plain and the developed cost per accepted
-- outcome with the 95 % interval of the developed one. A period that is mature has an interval of no width.
with days as (

    select
        days.day,
        days.use_case,
        days.outcomes,
        days.accepted_outcomes,
        days.provisional_outcomes,
        days.inference_cost + days.rework_cost + days.delay_cost as total_cost,
        days.inference_cost + days.delay_cost + days.developed_rework_cost as developed_total_cost,
        days.developed_accepted_outcomes,
        -- As exact numbers, so that the sum over a month does not depend on the order of its days.
        cast(coalesce({{ maturing_variance(
            'days.outcomes', 'coalesce(factors.rework_factor, 1)', 'variances.seen_rework_cost_variance',
            'variances.unseen_rework_cost_variance'
        ) }}, 0) as decimal(38, 12)) as rework_variance,
        cast(coalesce({{ maturing_variance(
            'days.outcomes', 'coalesce(factors.correction_factor, 1)', 'variances.seen_corrected_outcomes_variance',
            'variances.unseen_corrected_outcomes_variance'
        ) }}, 0) as decimal(38, 12)) as accepted_variance,
        cast(cast(days.developed_rework_cost as double) * sqrt(coalesce(factors.rework_factor_variance, 0))
            as decimal(38, 12)) as rework_factor_error,
        cast(
            cast(days.corrected_outcomes as double) * coalesce(factors.correction_factor, 1)
            * sqrt(coalesce(factors.correction_factor_variance, 0)) as decimal(38, 12)
        ) as accepted_factor_error
    from {{ ref('int_developed_days') }} as days
    left join {{ ref('int_development_factors') }} as factors
        on
            days.use_case = factors.use_case
            and {{ days_between('days.day', day_of(as_of())) }} = factors.age
    left join {{ ref('int_arrival_variances') }} as variances
        on
            days.use_case = variances.use_case
            and {{ days_between('days.day', day_of(as_of())) }} = variances.age

),

periods as (
{% for grain in ['day', 'week', 'month'] %}
    select
        '{{ grain }}' as grain,
        {{ period_start('day', grain) }} as period_start,
        use_case
        {%- for column in sums %},
        sum({{ column }}) as {{ column }}
        {%- endfor %}
    from days
    group by 1, 2, 3
    {{ 'union all' if not loop.last }}
{%- endfor %}
),

estimates as (

    select
        grain,
        period_start,
        use_case,
        outcomes,
        accepted_outcomes,
        {{ ratio('provisional_outcomes', 'accepted_outcomes') }} as provisional_share,
        {{ ratio('total_cost', 'accepted_outcomes') }} as plain_cost,
        {{ ratio('developed_total_cost', 'developed_accepted_outcomes') }} as developed_cost,
        {{ cost_per_accepted_error(
            'sqrt(cast(rework_variance as double) + power(cast(rework_factor_error as double), 2))',
            'sqrt(cast(accepted_variance as double) + power(cast(accepted_factor_error as double), 2))',
            ratio('developed_total_cost', 'developed_accepted_outcomes'),
            'cast(developed_accepted_outcomes as double)'
        ) }} as error
    from periods

)

select
    grain,
    period_start,
    use_case,
    cast(outcomes as bigint) as outcomes,
    cast(accepted_outcomes as bigint) as accepted_outcomes,
    provisional_share,
    plain_cost as cost_per_accepted_outcome,
    round(developed_cost, 9) as developed_cost_per_accepted_outcome,
    -- What has been spent cannot be unspent: the figure never falls below what is known.
    round(greatest(developed_cost - {{ z_two_sided() }} * error, least(plain_cost, developed_cost)), 9)
        as developed_cost_lower,
    round(developed_cost + {{ z_two_sided() }} * error, 9) as developed_cost_upper
from estimates
