{{ config(materialized='incremental', incremental_strategy='replace_days') }}

-- Guarantees one row per attempt that searched the web with a model whose searches have an allowance: the units that the
-- provider counts, and how many of its pool were used that day up to and with it. An answer from a cache searched nothing.
with searching_attempts as (

    select
        attempts.day,
        attempts.source,
        attempts.attempt_id,
        attempts.started_at,
        coalesce(provider_aliases.provider, attempts.logged_provider) as provider,
        attempts.logged_model,
        attempts.web_search_calls
    from {{ ref('int_attempts') }} as attempts
    left join {{ ref('stg_reference__provider_aliases') }} as provider_aliases
        on attempts.logged_provider = provider_aliases.alias
    where
        attempts.web_search_calls > 0
        and not attempts.cache_hit
        {{ and_in_rebuild_days('attempts.day') }}

),

counted_searches as (

    select
        searching_attempts.day,
        searching_attempts.source,
        searching_attempts.attempt_id,
        searching_attempts.started_at,
        allowances.pool,
        allowances.period,
        allowances.free_searches,
        case allowances.billed_by when 'request' then 1 else searching_attempts.web_search_calls end as units
    from searching_attempts
    left join {{ ref('int_model_names') }} as model_names
        on
            searching_attempts.provider = model_names.provider
            and {{ model_name_key('searching_attempts.logged_model') }} = model_names.name_key
    inner join {{ ref('stg_reference__search_allowances') }} as allowances
        on
            searching_attempts.provider = allowances.provider
            and coalesce(model_names.model, searching_attempts.logged_model) = allowances.model
            and searching_attempts.started_at >= allowances.valid_from
            and searching_attempts.started_at < allowances.valid_to

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
