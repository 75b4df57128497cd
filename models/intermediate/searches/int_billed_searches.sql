{{ config(materialized='incremental', incremental_strategy='replace_days') }}

-- Guarantees one row per attempt whose web searches have an allowance: how many of them the provider bills. The pool is
-- used in the order of the starts; what goes beyond it is billed.
with pool_days as (

    select
        pool,
        day,
        sum(units) as units
    from {{ ref('int_pooled_searches') }}
    where
        true
        {{ and_in_rebuild_days(period_start('day', 'month'), grain='month') }}
    group by
        pool,
        day

),

-- What the pool had given this month before the day began.
earlier_days as (

    select
        pool,
        day,
        coalesce(sum(units) over (
            partition by pool, {{ period_start('day', 'month') }}
            order by day
            rows between unbounded preceding and 1 preceding
        ), 0) as units_before
    from pool_days

),

used_searches as (

    select
        searches.day,
        searches.source,
        searches.attempt_id,
        searches.pool,
        searches.units,
        searches.free_searches,
        searches.units_so_far
        + case searches.period when 'month' then earlier_days.units_before else 0 end as units_of_period
    from {{ ref('int_pooled_searches') }} as searches
    inner join earlier_days
        on
            searches.pool = earlier_days.pool
            and searches.day = earlier_days.day
    where true {{ and_in_rebuild_days('searches.day') }}

)

select
    day,
    source,
    attempt_id,
    pool,
    cast(least(units, greatest(units_of_period - free_searches, 0)) as bigint) as billed_web_searches
from used_searches
