-- One row per use case, day of the last half year and age in days it has reached (at most to the end of its acceptance
-- window): rework cost, corrections and corrected outcomes that had arrived by the end of that age. An arrival before
-- the day itself counts at age 0.
with cohorts as (

    select
        outcomes.use_case,
        outcomes.day,
        {{ days_between('outcomes.day', day_of(as_of())) }} as cohort_age,
        max({{ days_between('outcomes.day', day_of('outcomes.acceptance_window_closes_at')) }}) - 1 as window_days,
        sum(case when outcomes.is_complete then 1 else 0 end) as outcomes
    from {{ ref('outcomes') }} as outcomes
    where outcomes.day >= {{ add_days(day_of(as_of()), -var('half_year_days')) }}
    group by outcomes.use_case, outcomes.day

),

ticket_arrivals as (

    select
        outcomes.use_case,
        outcomes.day,
        outcomes.outcome_id,
        outcomes.state,
        greatest({{ days_between('outcomes.day', 'tickets.worked_day') }}, 0) as rework_age,
        greatest({{ days_between('outcomes.day', 'tickets.day') }}, 0) as correction_age,
        coalesce(tickets.rework_cost, 0) as rework_cost,
        case when tickets.status <> 'void' and tickets.severity = 'critical' then 1 else 0 end as corrections
    from {{ ref('int_ticket_links') }} as tickets
    inner join {{ ref('outcomes') }} as outcomes
        on
            tickets.use_case = outcomes.use_case
            and tickets.outcome_id = outcomes.outcome_id
    where outcomes.day >= {{ add_days(day_of(as_of()), -var('half_year_days')) }}

),

-- Three arrivals of different ages: cost when the work was done, a correction when its ticket was opened, a corrected
-- outcome at its first correction.
arrivals as (

    select
        use_case,
        day,
        rework_age as age,
        rework_cost,
        0 as corrections,
        0 as corrected_outcomes
    from ticket_arrivals

    union all

    select
        use_case,
        day,
        correction_age as age,
        0 as rework_cost,
        corrections,
        0 as corrected_outcomes
    from ticket_arrivals

    union all

    select
        use_case,
        day,
        min(correction_age) as age,
        0 as rework_cost,
        0 as corrections,
        1 as corrected_outcomes
    from ticket_arrivals
    where
        state = 'corrected'
        and corrections > 0
    group by use_case, day, outcome_id

),

arrivals_by_age as (

    select
        use_case,
        day,
        age,
        sum(rework_cost) as rework_cost,
        sum(corrections) as corrections,
        sum(corrected_outcomes) as corrected_outcomes
    from arrivals
    group by use_case, day, age

),

ages as (

    select
        cohorts.use_case,
        cohorts.day,
        cohorts.cohort_age,
        cohorts.window_days,
        cohorts.outcomes,
        numbers.number as age
    from cohorts
    inner join {{ ref('int_numbers') }} as numbers
        on
            numbers.number <= cohorts.window_days
            and numbers.number <= cohorts.cohort_age

)

select
    ages.use_case,
    ages.day,
    ages.cohort_age,
    ages.window_days,
    ages.age,
    ages.outcomes,
    cast(coalesce(sum(arrivals_by_age.rework_cost) over by_then, 0) as decimal(38, 12)) as rework_cost,
    cast(coalesce(sum(arrivals_by_age.corrections) over by_then, 0) as bigint) as corrections,
    cast(coalesce(sum(arrivals_by_age.corrected_outcomes) over by_then, 0) as bigint) as corrected_outcomes
from ages
left join arrivals_by_age
    on
        ages.use_case = arrivals_by_age.use_case
        and ages.day = arrivals_by_age.day
        and ages.age = arrivals_by_age.age
window by_then as (
    partition by ages.use_case, ages.day
    order by ages.age
    rows between unbounded preceding and current row
)
