-- Guarantees one row per use case, week and age of 3, 7 or 14 days, over days whose acceptance window has closed: the
-- plain and the developed cost per accepted outcome as they would have been shown at the end of that age, and what it
-- came to when the window closed. Tickets count from the day they came in; inference, delay and decisions, which are
-- there within a day or two, count as known.
with days as (

    select
        factors.use_case,
        {{ period_start('factors.day', 'week') }} as week,
        factors.age,
        days.outcomes,
        days.inference_cost + days.delay_cost as other_cost,
        days.accepted_outcomes + days.corrected_outcomes as accepted_or_corrected,
        seen.rework_cost as seen_rework,
        final.rework_cost as final_rework,
        seen.corrected_outcomes as seen_corrected,
        final.corrected_outcomes as final_corrected,
        cast(cast(seen.rework_cost as double) * factors.rework_factor as decimal(38, 12)) as developed_rework,
        cast(cast(seen.corrected_outcomes as double) * factors.correction_factor as decimal(38, 12))
            as developed_corrected,
        cast(coalesce({{ maturing_variance(
            'days.outcomes', 'factors.rework_factor', 'variances.seen_rework_cost_variance',
            'variances.unseen_rework_cost_variance'
        ) }}, 0) as decimal(38, 12)) as rework_variance,
        cast(coalesce({{ maturing_variance(
            'days.outcomes', 'factors.correction_factor', 'variances.seen_corrected_outcomes_variance',
            'variances.unseen_corrected_outcomes_variance'
        ) }}, 0) as decimal(38, 12)) as accepted_variance,
        cast(
            cast(seen.rework_cost as double) * factors.rework_factor
            * sqrt(coalesce(current_factors.rework_factor_variance, 0)) as decimal(38, 12)
        ) as rework_factor_error,
        cast(
            cast(seen.corrected_outcomes as double) * factors.correction_factor
            * sqrt(coalesce(current_factors.correction_factor_variance, 0)) as decimal(38, 12)
        ) as accepted_factor_error
    from {{ ref('int_backtest_factors') }} as factors
    inner join {{ ref('int_use_case_days') }} as days
        on
            factors.use_case = days.use_case
            and factors.day = days.day
    inner join {{ ref('int_arrival_triangle') }} as seen
        on
            factors.use_case = seen.use_case
            and factors.day = seen.day
            and factors.age = seen.age
    inner join {{ ref('int_arrival_triangle') }} as final
        on
            factors.use_case = final.use_case
            and factors.day = final.day
            and factors.window_days = final.age
    left join {{ ref('int_arrival_variances') }} as variances
        on
            factors.use_case = variances.use_case
            and factors.age = variances.age
    left join {{ ref('int_development_factors') }} as current_factors
        on
            factors.use_case = current_factors.use_case
            and factors.age = current_factors.age

),

weeks as (

    select
        use_case,
        week,
        age,
        count(*) as days,
        sum(outcomes) as outcomes,
        {{ ratio('sum(other_cost + seen_rework)', 'sum(accepted_or_corrected - seen_corrected)') }} as plain_cost,
        {{ ratio(
            'sum(other_cost + developed_rework)', 'greatest(sum(accepted_or_corrected - developed_corrected), 0)'
        ) }} as developed_cost,
        {{ ratio('sum(other_cost + final_rework)', 'sum(accepted_or_corrected - final_corrected)') }} as final_cost,
        sqrt(cast(sum(rework_variance) as double) + power(cast(sum(rework_factor_error) as double), 2)) as cost_error,
        sqrt(cast(sum(accepted_variance) as double) + power(cast(sum(accepted_factor_error) as double), 2))
            as accepted_error,
        cast(sum(accepted_or_corrected - developed_corrected) as double) as developed_accepted
    from days
    group by use_case, week, age

),

bounds as (

    select
        use_case,
        week,
        age,
        days,
        outcomes,
        plain_cost,
        developed_cost,
        final_cost,
        round(greatest(developed_cost - {{ z_two_sided() }} * {{ cost_per_accepted_error(
            'cost_error', 'accepted_error', 'developed_cost', 'developed_accepted'
        ) }}, least(plain_cost, developed_cost)), 9) as developed_cost_lower,
        round(developed_cost + {{ z_two_sided() }} * {{ cost_per_accepted_error(
            'cost_error', 'accepted_error', 'developed_cost', 'developed_accepted'
        ) }}, 9) as developed_cost_upper
    from weeks

)

select
    use_case,
    week,
    cast(age as integer) as age_days,
    cast(days as bigint) as days,
    cast(outcomes as bigint) as outcomes,
    round(plain_cost, 9) as plain_cost_per_accepted_outcome,
    round(developed_cost, 9) as developed_cost_per_accepted_outcome,
    developed_cost_lower,
    developed_cost_upper,
    round(final_cost, 9) as final_cost_per_accepted_outcome,
    round({{ ratio('plain_cost - final_cost', 'final_cost') }}, 9) as plain_error,
    round({{ ratio('developed_cost - final_cost', 'final_cost') }}, 9) as developed_error,
    -- A billionth of slack: a mature week has an interval of no width.
    final_cost >= developed_cost_lower - 0.000000001 and final_cost <= developed_cost_upper + 0.000000001
        as is_final_in_interval
from bounds
