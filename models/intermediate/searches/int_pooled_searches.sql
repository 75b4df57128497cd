{{ config(materialized='incremental', incremental_strategy='replace_days') }}

-- Guarantees one row per attempt that searched the web with a model whose searches have an allowance: the units that the
-- provider counts, and how many of its pool were used that day up to and with it. An answer from a cache searched nothing.
with searches as (

    select
        day,
        source,
        attempt_id,
        started_at,
        provider,
        model,
        quantity
    from {{ ref('int_attempt_units') }}
    where
        meter = 'web_search'
        and not cache_hit
        {{ and_in_rebuild_days('day') }}

),

counted_searches as (

    select
        searches.day,
        searches.source,
        searches.attempt_id,
        searches.started_at,
        allowances.pool,
        allowances.period,
        allowances.free_searches,
        case allowances.billed_by when 'request' then 1 else searches.quantity end as units
    from searches
    inner join {{ ref('stg_reference__search_allowances') }} as allowances
        on
            searches.provider = allowances.provider
            and searches.model = allowances.model
            and searches.started_at >= allowances.valid_from
            and searches.started_at < allowances.valid_to

)

select
    day,
    source,
    attempt_id,
    pool,
    period,
    free_searches,
    cast(units as bigint) as units,
    cast(sum(units) over (
        partition by pool, day
        order by started_at, source, attempt_id
        rows between unbounded preceding and current row
    ) as bigint) as units_so_far
from counted_searches
