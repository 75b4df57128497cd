-- Catches capacity that is charged twice or lost: what attempts carry of a deployment's day is its used cost, to the last
-- digit, in both directions.
with charged as (

    select
        day,
        deployment,
        coalesce(sum(cost), 0) as amount
    from {{ ref('attempts') }}
    where is_on_capacity
    group by
        day,
        deployment

)

select
    coalesce(charged.day, capacity_usage.day) as day,
    coalesce(charged.deployment, capacity_usage.deployment) as deployment,
    charged.amount,
    capacity_usage.used_cost
from charged
full outer join {{ ref('capacity_usage') }} as capacity_usage
    on
        charged.day = capacity_usage.day
        and charged.deployment = capacity_usage.deployment
where coalesce(charged.amount, 0) <> coalesce(capacity_usage.used_cost, 0)
