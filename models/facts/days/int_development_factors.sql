-- One row per use case and age in days: by how much the rework cost and the corrections seen at that age still grow
-- until the acceptance window closes. Chain-ladder: the growth from one age to the next is measured over all cohorts
-- of the last half year that are old enough, and the steps are multiplied. An age with nothing to grow from does not
-- grow. The variances are those of the logarithm of each factor, by the delta method over cohorts; steps count as
-- independent, as in Mack (1993).
with steps as (

    select
        earlier.use_case,
        earlier.age,
        coalesce({{ ratio('sum(later.rework_cost)', 'sum(earlier.rework_cost)') }}, 1) as rework_step,
        coalesce({{ ratio('sum(later.corrections)', 'sum(earlier.corrections)') }}, 1) as correction_step,
        coalesce({{ log_ratio_variance('later.rework_cost', 'earlier.rework_cost') }}, 0) as rework_step_variance,
        coalesce({{ log_ratio_variance('later.corrections', 'earlier.corrections') }}, 0)
            as correction_step_variance
    from {{ ref('int_arrival_triangle') }} as earlier
    inner join {{ ref('int_arrival_triangle') }} as later
        on
            earlier.use_case = later.use_case
            and earlier.day = later.day
            and earlier.age + 1 = later.age
    -- The newest age of a cohort is a part of a day still running, so it is no full step yet.
    where later.age < later.cohort_age
    group by earlier.use_case, earlier.age

)

select
    use_case,
    age,
    round(exp(sum(ln(greatest(rework_step, 1))) over later_steps), 9) as rework_factor,
    round(exp(sum(ln(greatest(correction_step, 1))) over later_steps), 9) as correction_factor,
    round(sum(rework_step_variance) over later_steps, 9) as rework_factor_variance,
    round(sum(correction_step_variance) over later_steps, 9) as correction_factor_variance
from steps
window later_steps as (
    partition by use_case
    order by age desc
    rows between unbounded preceding and current row
)
