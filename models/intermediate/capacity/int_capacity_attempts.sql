{{ config(materialized='incremental', incremental_strategy='replace_days') }}

-- Guarantees one row per attempt that declared capacity served, with its part of what the capacity that was used cost that
-- day. Parts are by tokens of every kind; each is the difference of two running totals rounded alike, so that they add up
-- to the used cost exactly. Traffic that spilled over to another deployment is none of it.
with served_attempts as (

    select
        attempts.day,
        attempts.source,
        attempts.attempt_id,
        attempts.started_at,
        attempts.deployment,
        case when attempts.cache_hit then 0 else {{ served_tokens('attempts') }} end as tokens
    from {{ ref('int_attempts') }} as attempts
    inner join {{ ref('stg_reference__capacity') }} as capacity
        on
            attempts.deployment = capacity.deployment
            and attempts.started_at >= capacity.valid_from
            and attempts.started_at < capacity.valid_to
    where
        attempts.deployment is not null
        {{ and_in_rebuild_days('attempts.day') }}

),

running_totals as (

    select
        day,
        source,
        attempt_id,
        deployment,
        tokens,
        cast(sum(tokens) over (
            partition by day, deployment
            order by started_at, source, attempt_id
            rows between unbounded preceding and current row
        ) as bigint) as tokens_so_far,
        cast(sum(tokens) over (partition by day, deployment) as bigint) as tokens_of_day
    from served_attempts

),

used_capacity as (

    select
        running_totals.day,
        running_totals.source,
        running_totals.attempt_id,
        running_totals.deployment,
        running_totals.tokens,
        running_totals.tokens_so_far,
        running_totals.tokens_of_day,
        capacity_days.capacity_cost,
        -- Without a declared limit a day with traffic is used in full.
        case
            when capacity_days.capacity_cost is null then null
            when capacity_days.capacity_tokens is null or running_totals.tokens_of_day >= capacity_days.capacity_tokens
                then capacity_days.capacity_cost
            else {{ exact_quotient(
                [['capacity_days.capacity_cost', 12], ['running_totals.tokens_of_day', 0]],
                'capacity_days.capacity_tokens'
            ) }}
        end as used_cost
    from running_totals
    inner join {{ ref('int_capacity_days') }} as capacity_days
        on
            running_totals.day = capacity_days.day
            and running_totals.deployment = capacity_days.deployment

)

select
    day,
    source,
    attempt_id,
    deployment,
    tokens,
    case
        when used_cost is null then null
        when tokens = 0 then cast(0 as decimal(38, 12))
        else cast(
            {{ exact_quotient([['used_cost', 12], ['tokens_so_far', 0]], 'tokens_of_day') }}
            - {{ exact_quotient([['used_cost', 12], ['tokens_so_far - tokens', 0]], 'tokens_of_day') }}
            as decimal(38, 12)
        )
    end as capacity_cost
from used_capacity
