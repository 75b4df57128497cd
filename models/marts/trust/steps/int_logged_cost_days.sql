{{ config(materialized='incremental', incremental_strategy='replace_days') }}

-- Guarantees one row per day, source, provider, model and reason: what attempts cost by our price book beside what the
-- log said. Each attempt has one reason, the first that fits. A cost that only the log knows is none of ours.
with compared_attempts as (

    select
        day,
        source,
        provider,
        model,
        service_tier,
        cache_hit,
        cache_read_tokens + cache_write_tokens + cache_write_1h_tokens > 0 as used_cache,
        logged_currency,
        logged_cost,
        case when cost_source in ('price_book', 'free') then cost end as our_cost
    from {{ ref('attempts') }}
    where true {{ and_in_rebuild_days('day') }}

),

explained_attempts as (

    select
        day,
        source,
        provider,
        model,
        service_tier,
        cache_hit,
        used_cache,
        logged_currency,
        logged_cost,
        our_cost,
        case
            when logged_currency <> '{{ var("reporting_currency") }}' and logged_cost is null then 'currency'
            when logged_cost is null and our_cost is null then 'no_cost_at_all'
            when logged_cost is null then 'no_logged_cost'
            when our_cost is null then 'unpriced_by_us'
            when logged_cost = our_cost then 'equal'
            -- Less than a billionth: a float on the way, or a gateway that rounds each part.
            when abs(logged_cost - our_cost) < cast('0.000000001' as decimal(38, 12)) then 'rounding'
            when logged_currency <> '{{ var("reporting_currency") }}' then 'currency'
            when cache_hit then 'cache_hit'
            when service_tier <> 'standard' then 'service_tier'
            when used_cache then 'cache_tokens'
            else 'other_price'
        end as reason
    from compared_attempts

)

select
    day,
    source,
    provider,
    model,
    reason,
    count(*) as attempts,
    cast(coalesce(sum(our_cost), 0) as decimal(38, 12)) as our_cost,
    cast(coalesce(sum(logged_cost), 0) as decimal(38, 12)) as logged_cost
from explained_attempts
group by
    day,
    source,
    provider,
    model,
    reason
