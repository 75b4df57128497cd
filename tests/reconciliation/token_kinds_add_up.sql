-- Catches a split of costs by token kind that loses or doubles money: per day, owner, use case, provider, model and
-- service tier, the parts are the attempts' cost, and so are the rows in FOCUS columns and spend; tolerance zero, in both
-- directions.
with layers as (

    select 'attempts' as layer, day, owner, use_case, provider, model, service_tier, coalesce(cost, 0) as amount
    from {{ ref('attempts') }}
    union all
    select 'token_kinds' as layer, day, owner, use_case, provider, model, service_tier, cost as amount
    from {{ ref('int_token_kind_days') }}
    union all
    select
        'focus' as layer,
        "x_Day" as day,
        "x_Owner" as owner,
        "x_UseCase" as use_case,
        "ProviderName" as provider,
        "x_Model" as model,
        "x_ServiceTier" as service_tier,
        "BilledCost" as amount
    from {{ ref('focus_cost_and_usage') }}
    union all
    select 'spend' as layer, day, owner, use_case, provider, model, service_tier, inference_cost as amount
    from {{ ref('spend_daily') }}

),

sums as (

    select
        day,
        owner,
        use_case,
        provider,
        model,
        service_tier,
        sum(case when layer = 'attempts' then amount else 0 end) as of_attempts,
        sum(case when layer = 'token_kinds' then amount else 0 end) as of_token_kinds,
        sum(case when layer = 'focus' then amount else 0 end) as of_focus,
        sum(case when layer = 'spend' then amount else 0 end) as of_spend
    from layers
    group by 1, 2, 3, 4, 5, 6

)

select *
from sums
where of_attempts <> of_token_kinds or of_attempts <> of_focus or of_attempts <> of_spend
