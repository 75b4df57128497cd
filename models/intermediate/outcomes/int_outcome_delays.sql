{{ config(materialized='incremental', incremental_strategy='replace_days') }}

-- Guarantees one row per outcome that has SLA clocks (cancelled ones left out), on the day its first clock started.
-- Minutes late are the length of the union of its breach intervals, so that two clocks running late together count
-- once; they are capped per use case. The rate is the one in force when the first breached clock was due.
with outcomes_in_scope as (

    select distinct
        use_case,
        outcome_id
    from {{ ref('int_sla_links') }}
    where
        status <> 'cancelled'
        {{ and_in_rebuild_days('day') }}

),

clocks as (

    select
        clocks.use_case,
        clocks.outcome_id,
        clocks.event_id,
        clocks.started_at,
        clocks.due_at,
        clocks.breaches_at,
        clocks.measured_until,
        clocks.is_breached
    from {{ ref('int_sla_links') }} as clocks
    inner join outcomes_in_scope
        on
            clocks.use_case = outcomes_in_scope.use_case
            and clocks.outcome_id = outcomes_in_scope.outcome_id
    where clocks.status <> 'cancelled'

),

outcome_clocks as (

    select
        use_case,
        outcome_id,
        min(started_at) as first_started_at,
        count(*) as clocks,
        sum(case when is_breached then 1 else 0 end) as breached_clocks,
        min(case when is_breached then due_at end) as first_breached_due_at
    from clocks
    group by use_case, outcome_id

),

breaches as (

    select
        use_case,
        outcome_id,
        breaches_at,
        measured_until,
        max(measured_until) over (
            partition by use_case, outcome_id
            order by breaches_at, measured_until, event_id
            rows between unbounded preceding and 1 preceding
        ) as covered_until
    from clocks
    where is_breached

),

late_times as (

    select
        use_case,
        outcome_id,
        sum(greatest({{ microseconds_between(
            'greatest(breaches_at, coalesce(covered_until, breaches_at))', 'measured_until'
        ) }}, 0)) as late_microseconds
    from breaches
    group by use_case, outcome_id

),

capped_times as (

    select
        outcome_clocks.use_case,
        outcome_clocks.outcome_id,
        outcome_clocks.first_started_at,
        outcome_clocks.first_breached_due_at,
        outcome_clocks.clocks,
        outcome_clocks.breached_clocks,
        cast(least(
            coalesce(late_times.late_microseconds, 0),
            coalesce({{ microseconds_of_minutes('use_cases.delay_cap_minutes') }}, coalesce(late_times.late_microseconds, 0))
        ) as bigint) as late_microseconds
    from outcome_clocks
    left join late_times
        on
            outcome_clocks.use_case = late_times.use_case
            and outcome_clocks.outcome_id = late_times.outcome_id
    left join {{ ref('stg_reference__use_cases') }} as use_cases
        on
            outcome_clocks.use_case = use_cases.use_case
            and outcome_clocks.first_breached_due_at >= use_cases.valid_from
            and outcome_clocks.first_breached_due_at < use_cases.valid_to

)

select
    {{ day_of('capped_times.first_started_at') }} as day,
    capped_times.use_case,
    capped_times.outcome_id,
    {{ day_of('capped_times.first_breached_due_at') }} as first_breached_day,
    capped_times.clocks,
    capped_times.breached_clocks,
    cast(capped_times.late_microseconds / 60000000.0e0 as double) as late_minutes,
    capped_times.breached_clocks > 0 and fx.rate is null as is_uncosted,
    case
        when capped_times.breached_clocks = 0 or fx.rate is null then cast(0 as decimal(38, 12))
        else {{ delay_cost(
            'capped_times.late_microseconds', 'delay_rates.per_minute', 'capped_times.breached_clocks',
            'delay_rates.per_breach', 'fx.rate'
        ) }}
    end as delay_cost
from capped_times
left join {{ ref('stg_reference__delay_rates') }} as delay_rates
    on
        capped_times.use_case = delay_rates.use_case
        and capped_times.first_breached_due_at >= delay_rates.valid_from
        and capped_times.first_breached_due_at < delay_rates.valid_to
left join {{ ref('int_fx_rates') }} as fx
    on
        delay_rates.currency = fx.currency
        and {{ day_of('capped_times.first_breached_due_at') }} >= fx.valid_from
        and {{ day_of('capped_times.first_breached_due_at') }} < fx.valid_to
where true {{ and_in_rebuild_days(day_of('capped_times.first_started_at')) }}
