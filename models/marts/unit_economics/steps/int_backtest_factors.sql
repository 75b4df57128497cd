-- One row per use case, day whose acceptance window has closed and age at which it is tested: the growth factors that would have
-- been used at the end of that age, learnt only from what had arrived by then. The first four weeks of a use case are
-- left out, since there was nothing to learn from yet.
with cohorts as (

    select distinct
        use_case,
        day,
        window_days
    from {{ ref('int_arrival_triangle') }}

),

spans as (

    select
        use_case,
        min(day) as first_day,
        max(day) as last_day,
        max(window_days) as window_days
    from cohorts
    group by use_case

),

steps as (

    select
        earlier.use_case,
        earlier.day,
        earlier.age,
        earlier.rework_cost as earlier_rework,
        later.rework_cost as later_rework,
        earlier.corrections as earlier_corrections,
        later.corrections as later_corrections
    from {{ ref('int_arrival_triangle') }} as earlier
    inner join {{ ref('int_arrival_triangle') }} as later
        on
            earlier.use_case = later.use_case
            and earlier.day = later.day
            and earlier.age + 1 = later.age

),

-- Every day and age has a row, so that sums up to a day can be looked up for days without outcomes too.
all_days as (

    select
        spans.use_case,
        {{ add_days('spans.first_day', 'days.number') }} as day,
        ages.number as age
    from spans
    inner join {{ ref('int_numbers') }} as days on days.number <= {{ days_between('spans.first_day', 'spans.last_day') }}
    inner join {{ ref('int_numbers') }} as ages on ages.number < spans.window_days

),

step_sums as (

    select
        all_days.use_case,
        all_days.day,
        all_days.age,
        {{ ratio('sum(steps.later_rework) over up_to_day', 'sum(steps.earlier_rework) over up_to_day') }}
            as rework_step,
        {{ ratio('sum(steps.later_corrections) over up_to_day', 'sum(steps.earlier_corrections) over up_to_day') }}
            as correction_step
    from all_days
    left join steps
        on
            all_days.use_case = steps.use_case
            and all_days.day = steps.day
            and all_days.age = steps.age
    window up_to_day as (
        partition by all_days.use_case, all_days.age
        order by all_days.day
        rows between unbounded preceding and current row
    )

),

estimates as (

    select
        cohorts.use_case,
        cohorts.day,
        cohorts.window_days,
        ages.number as age
    from cohorts
    inner join spans on cohorts.use_case = spans.use_case
    inner join {{ ref('int_numbers') }} as ages on ages.number in ({{ var('development_test_ages') | join(', ') }})
    where
        {{ days_between('cohorts.day', day_of(as_of())) }} > cohorts.window_days
        and ages.number <= cohorts.window_days
        and {{ days_between('spans.first_day', 'cohorts.day') }} >= {{ var('recent_days') }}

)

select
    estimates.use_case,
    estimates.day,
    estimates.age,
    max(estimates.window_days) as window_days,
    round(exp(coalesce(sum(ln(greatest(coalesce(step_sums.rework_step, 1), 1))), 0)), 9) as rework_factor,
    round(exp(coalesce(sum(ln(greatest(coalesce(step_sums.correction_step, 1), 1))), 0)), 9) as correction_factor
from estimates
-- By the end of day + age, a step from one age to the next had been seen of cohorts that began at least so much earlier.
left join step_sums
    on
        estimates.use_case = step_sums.use_case
        and estimates.age <= step_sums.age
        and estimates.window_days > step_sums.age
        and {{ add_days('estimates.day', 'estimates.age - step_sums.age - 1') }} = step_sums.day
group by estimates.use_case, estimates.day, estimates.age
