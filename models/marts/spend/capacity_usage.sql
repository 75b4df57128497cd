-- Guarantees one row per day and deployment with declared capacity, also for a day without traffic: what the capacity cost,
-- the part that attempts carry, and the idle part, which no use case carries. used_cost + idle_cost = capacity_cost.
with usage as (

    select
        capacity_days.day,
        capacity_days.deployment,
        capacity_days.provider,
        capacity_days.model,
        capacity_days.kind,
        capacity_days.hours,
        capacity_days.capacity_cost,
        case
            when capacity_days.capacity_cost is null then null
            else cast(coalesce(used_days.used_cost, 0) as decimal(38, 12))
        end as used_cost,
        coalesce(used_days.attempts, 0) as attempts,
        coalesce(used_days.tokens, 0) as tokens,
        capacity_days.capacity_tokens
    from {{ ref('int_capacity_days') }} as capacity_days
    left join {{ ref('int_capacity_used_days') }} as used_days
        on
            capacity_days.day = used_days.day
            and capacity_days.deployment = used_days.deployment

)

select
    day,
    deployment,
    provider,
    model,
    kind,
    hours,
    capacity_cost,
    used_cost,
    cast(capacity_cost - used_cost as decimal(38, 12)) as idle_cost,
    attempts,
    tokens,
    capacity_tokens,
    {{ ratio('tokens', 'capacity_tokens') }} as utilisation
from usage
