-- One row per use case and age in days: by how much the rework cost and the corrections seen at that age still grow
-- until the acceptance window closes. Chain-ladder: the growth from one age to the next is measured over all cohorts
-- of the last 26 weeks that are old enough, and the steps are multiplied. An age with nothing to grow from does not
-- grow.
with recent_cohorts as (

    select
        outcomes.use_case,
        outcomes.day,
        {{ days_between('outcomes.day', day_of(as_of())) }} as age,
        max({{ days_between('outcomes.day', day_of('outcomes.acceptance_window_closes_at')) }}) - 1 as window_days
    from {{ ref('outcomes') }} as outcomes
    where outcomes.day >= {{ add_days(day_of(as_of()), '-182') }}
    group by outcomes.use_case, outcomes.day

),

arrivals as (

    select
        outcomes.use_case,
        outcomes.day,
        greatest({{ days_between('outcomes.day', 'tickets.worked_day') }}, 0) as rework_age,
        greatest({{ days_between('outcomes.day', 'tickets.day') }}, 0) as correction_age,
        coalesce(tickets.rework_cost, 0) as rework_cost,
        case when tickets.status <> 'void' and tickets.severity = 'critical' then 1 else 0 end as corrections
    from {{ ref('int_ticket_links') }} as tickets
    inner join {{ ref('outcomes') }} as outcomes
        on
            tickets.use_case = outcomes.use_case
            and tickets.outcome_id = outcomes.outcome_id
    where outcomes.day >= {{ add_days(day_of(as_of()), '-182') }}

),

ages as (

    select
        recent_cohorts.use_case,
        recent_cohorts.day,
        recent_cohorts.age as cohort_age,
        numbers.number as age
    from recent_cohorts
    inner join {{ ref('int_numbers') }} as numbers
        on
            numbers.number <= recent_cohorts.window_days
            and numbers.number <= recent_cohorts.age

),

triangle as (

    select
        ages.use_case,
        ages.day,
        ages.cohort_age,
        ages.age,
        coalesce(sum(case when arrivals.rework_age <= ages.age then arrivals.rework_cost end), 0) as rework_cost,
        coalesce(sum(case when arrivals.correction_age <= ages.age then arrivals.corrections end), 0) as corrections
    from ages
    left join arrivals
        on
            ages.use_case = arrivals.use_case
            and ages.day = arrivals.day
    group by ages.use_case, ages.day, ages.cohort_age, ages.age

),

steps as (

    select
        earlier.use_case,
        earlier.age,
        coalesce({{ ratio('sum(later.rework_cost)', 'sum(earlier.rework_cost)') }}, 1) as rework_step,
        coalesce({{ ratio('sum(later.corrections)', 'sum(earlier.corrections)') }}, 1) as correction_step
    from triangle as earlier
    inner join triangle as later
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
    round(exp(sum(ln(greatest(correction_step, 1))) over later_steps), 9) as correction_factor
from steps
window later_steps as (
    partition by use_case
    order by age desc
    rows between unbounded preceding and current row
)
