-- Catches a split of costs by token kind that loses or doubles money: per day, owner and use case the parts are the
-- attempts' cost, and so are the rows in FOCUS columns and spend; without guardrails and tools, which others than
-- the model's provider may bill, also per provider, model and service tier. Tolerance zero, in both directions.
with others as (

    select
        day,
        source,
        attempt_id,
        sum(cost) as cost
    from {{ ref('int_unit_charges') }}
    where
        is_published
        and is_of_other_model
    group by
        day,
        source,
        attempt_id

),

layers as (

    select
        'attempts' as layer,
        attempts.day,
        attempts.owner,
        attempts.use_case,
        attempts.provider,
        attempts.model,
        attempts.service_tier,
        coalesce(attempts.cost, 0) as amount,
        case when attempts.cost_source in ('price_book', 'free') then coalesce(others.cost, 0) else 0 end as other_amount
    from {{ ref('attempts') }} as attempts
    left join others
        on
            attempts.day = others.day
            and attempts.source = others.source
            and attempts.attempt_id = others.attempt_id
    union all
    select
        'token_kinds' as layer,
        day,
        owner,
        use_case,
        provider,
        model,
        service_tier,
        cost as amount,
        case when token_kind in ('guardrail', 'tool') then cost else 0 end as other_amount
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
        "BilledCost" as amount,
        case when "x_TokenKind" in ('guardrail', 'tool') then "BilledCost" else 0 end as other_amount
    from {{ ref('focus_cost_and_usage') }}
    union all
    select
        'spend' as layer,
        day,
        owner,
        use_case,
        provider,
        model,
        service_tier,
        inference_cost as amount,
        0 as other_amount
    from {{ ref('spend_daily') }}

),

groups as (

    select layer, day, owner, use_case, 'all' as place, amount
    from layers
    union all
    select
        layer,
        day,
        owner,
        use_case,
        provider || '/' || model || '/' || service_tier as place,
        amount - other_amount as amount
    from layers
    where layer <> 'spend'
    union all
    select
        layer || '_with_others' as layer,
        day,
        owner,
        use_case,
        provider || '/' || model || '/' || service_tier as place,
        amount
    from layers
    where layer in ('attempts', 'spend')

),

sums as (

    select
        day,
        owner,
        use_case,
        place,
        sum(case layer when 'attempts' then amount else 0 end) as of_attempts,
        sum(case layer when 'token_kinds' then amount else 0 end) as of_token_kinds,
        sum(case layer when 'focus' then amount else 0 end) as of_focus,
        sum(case layer when 'attempts_with_others' then amount else 0 end) as of_attempts_with_others,
        sum(case layer when 'spend_with_others' then amount else 0 end) as of_spend
    from groups
    group by 1, 2, 3, 4

)

select *
from sums
where
    of_attempts <> of_token_kinds
    or of_attempts <> of_focus
    or of_attempts_with_others <> of_spend
