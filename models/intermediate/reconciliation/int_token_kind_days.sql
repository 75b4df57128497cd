{{ config(materialized='incremental', incremental_strategy='replace_days') }}

{%- set kinds = billed_units('attempts') %}
{%- set not_tokens = stand_alone_kinds() + ['request'] %}
{%- set group_key = [
    'day', 'owner', 'use_case', 'provider', 'model', 'service_tier', 'is_unpriced', 'is_on_capacity',
    'price_version_id'
] %}
{#- Of what the log priced, or nobody, no part is known to be the guardrails'. -#}
{%- set is_priced = "attempts.cost_source in ('price_book', 'free')" %}

-- Guarantees one row per day, owner, use case, provider, model, service tier and token kind: the tokens used and what
-- of the attempts' cost, and of their cost at list prices, falls to them. The parts of a group add up exactly to what its
-- attempts cost; the rest that rounding leaves goes to the kind that costs most. Capacity paid by the hour is split by
-- tokens. What cannot be split, because the book has no price and the log's own cost stands in, is of the kind
-- `unsplit`. Cache hits use no tokens of a provider. Units of guardrails are of the provider and policy that bill them.
with guardrail_charges as (

    select
        day,
        source,
        attempt_id,
        provider,
        model,
        units,
        cost,
        list_cost
    from {{ ref('int_guardrail_charges') }}
    where
        is_published
        {{ and_in_rebuild_days('day') }}

),

guardrail_costs as (

    select
        day,
        source,
        attempt_id,
        sum(cost) as cost,
        sum(coalesce(list_cost, cost)) as list_cost
    from guardrail_charges
    group by
        day,
        source,
        attempt_id

),

prices as (

    select
        price_version_id,
        {%- for kind in kinds %}
        max(cast({{ kind }}_price as decimal(24, 15))) as {{ kind }}_price,
        max(coalesce(
            cast({{ list_item('list_prices', loop.index) }} as decimal(24, 15)),
            cast({{ kind }}_price as decimal(24, 15))
        )) as {{ kind }}_list_price{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('int_rate_cards') }}
    group by price_version_id

),

spent_attempts as (

    select
        attempts.day,
        attempts.owner,
        attempts.use_case,
        attempts.provider,
        attempts.model,
        attempts.service_tier,
        attempts.cost_source in ('logged', 'unpriced') as is_unpriced,
        attempts.is_on_capacity,
        attempts.price_version_id,
        attempts.cost - coalesce(guardrail_costs.cost, 0) - attempts.capacity_tool_cost as cost,
        -- Without a list price, what it costs stands in.
        coalesce(
            attempts.list_cost - coalesce(guardrail_costs.list_cost, 0),
            attempts.cost - coalesce(guardrail_costs.cost, 0)
        ) - attempts.capacity_tool_cost as list_cost,
        {%- for kind, units in kinds.items() %}
        case
            when attempts.cache_hit {{ 'or attempts.capacity_tool_cost > 0' if kind in tool_kinds() }} then 0
            else {{ units }}
        end as {{ kind }}_tokens{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('attempts') }} as attempts
    left join guardrail_costs
        on
            attempts.day = guardrail_costs.day
            and attempts.source = guardrail_costs.source
            and attempts.attempt_id = guardrail_costs.attempt_id
            and {{ is_priced }}
    where true {{ and_in_rebuild_days('attempts.day') }}

    union all

    -- Tools that are paid beside the hours of capacity.
    select
        attempts.day,
        attempts.owner,
        attempts.use_case,
        attempts.provider,
        attempts.model,
        attempts.service_tier,
        false as is_unpriced,
        false as is_on_capacity,
        attempts.price_version_id,
        attempts.capacity_tool_cost as cost,
        attempts.capacity_tool_cost as list_cost,
        {%- for kind, units in kinds.items() %}
        {{ units if kind in tool_kinds() else '0' }} as {{ kind }}_tokens{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('attempts') }} as attempts
    where
        attempts.capacity_tool_cost > 0
        {{ and_in_rebuild_days('attempts.day') }}

),

-- Attempts at the same prices are split together: the parts of the sum are the sums of the parts.
price_groups as (

    select
        {{ group_key | join(', ') }},
        {%- for kind in kinds %}
        cast(sum({{ kind }}_tokens) as bigint) as {{ kind }}_tokens,
        {%- endfor %}
        count(*) as attempts,
        cast(coalesce(sum(cost), 0) as decimal(38, 12)) as cost,
        cast(coalesce(sum(list_cost), 0) as decimal(38, 12)) as list_cost
    from spent_attempts
    group by {{ group_key | join(', ') }}

),

numbered_groups as (

    select
        {{ columns_of('price_groups', group_key) }},
        price_groups.attempts,
        price_groups.cost,
        price_groups.list_cost,
        {%- for kind in kinds %}
        price_groups.{{ kind }}_tokens,
        prices.{{ kind }}_price,
        prices.{{ kind }}_list_price,
        {%- endfor %}
        row_number() over (order by {{ columns_of('price_groups', group_key) }}) as group_no
    from price_groups
    left join prices on price_groups.price_version_id = prices.price_version_id

),

kinds as (

    {% for kind in kinds -%}
    {#- Requests and calls of tools are no tokens, so the hours of capacity are not theirs. -#}
    {%- set kind_tokens = '0' if kind in not_tokens else kind ~ '_tokens' -%}
    select
        group_no,
        {{ loop.index }} as kind_no,
        '{{ kind }}' as token_kind,
        -- A request that costs nothing by itself is none that is billed.
        {% if kind == 'request' -%}
        case when coalesce(request_price, 0) = 0 then 0 else request_tokens end as tokens,
        {%- else -%}
        {{ kind }}_tokens as tokens,
        {%- endif %}
        case
            when is_unpriced or {{ kind }}_tokens = 0 then cast(0 as decimal(38, 15))
            when is_on_capacity then cast({{ kind_tokens }} as decimal(38, 15))
            else cast({{ kind }}_tokens as decimal(14, 0)) * coalesce({{ kind }}_price, 0)
        end as weight,
        case
            when is_unpriced or {{ kind }}_tokens = 0 then cast(0 as decimal(38, 15))
            when is_on_capacity and price_version_id is null then cast({{ kind_tokens }} as decimal(38, 15))
            else cast({{ kind }}_tokens as decimal(14, 0)) * coalesce({{ kind }}_list_price, 0)
        end as list_weight
    from numbered_groups
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

weighed_kinds as (

    select
        group_no,
        kind_no,
        token_kind,
        tokens,
        weight,
        list_weight,
        sum(weight) over (partition by group_no) as group_weight,
        sum(list_weight) over (partition by group_no) as group_list_weight,
        row_number() over (partition by group_no order by weight desc, kind_no asc) as place
    from kinds

),

rounded_kinds as (

    select
        {{ columns_of('numbered_groups', group_key) }},
        numbered_groups.cost as group_cost,
        numbered_groups.list_cost as group_list_cost,
        weighed_kinds.group_no,
        weighed_kinds.group_weight,
        weighed_kinds.place,
        weighed_kinds.token_kind,
        weighed_kinds.tokens,
        {{ part_by_weight(
            'weighed_kinds.weight', 'weighed_kinds.group_weight', 'numbered_groups.cost', 'numbered_groups.attempts'
        ) }} as rounded_cost,
        {{ part_by_weight(
            'weighed_kinds.list_weight', 'weighed_kinds.group_list_weight', 'numbered_groups.list_cost',
            'numbered_groups.attempts'
        ) }} as rounded_list_cost
    from weighed_kinds
    inner join numbered_groups on weighed_kinds.group_no = numbered_groups.group_no

),

split_kinds as (

    select
        {{ group_key | join(",\n        ") }},
        token_kind,
        tokens,
        place,
        group_weight,
        group_cost,
        group_list_cost,
        case
            when group_weight = 0 then cast(0 as decimal(38, 12))
            when place = 1 then rounded_cost + group_cost - sum(rounded_cost) over (partition by group_no)
            else rounded_cost
        end as cost,
        case
            when group_weight = 0 then cast(0 as decimal(38, 12))
            when place = 1
                then rounded_list_cost + group_list_cost - sum(rounded_list_cost) over (partition by group_no)
            else rounded_list_cost
        end as list_cost
    from rounded_kinds

),

parts as (

    select
        day,
        owner,
        use_case,
        provider,
        model,
        service_tier,
        token_kind,
        tokens,
        case when is_unpriced then tokens else 0 end as unpriced_tokens,
        cost,
        list_cost
    from split_kinds
    where tokens <> 0 or cost <> 0 or list_cost <> 0

    union all

    select
        day,
        owner,
        use_case,
        provider,
        model,
        service_tier,
        'unsplit' as token_kind,
        0 as tokens,
        0 as unpriced_tokens,
        group_cost as cost,
        group_list_cost as list_cost
    from split_kinds
    where
        place = 1
        and group_weight = 0
        and (group_cost <> 0 or group_list_cost <> 0)

    union all

    select
        attempts.day,
        attempts.owner,
        attempts.use_case,
        charges.provider,
        charges.model,
        'standard' as service_tier,
        'guardrail' as token_kind,
        charges.units as tokens,
        case when {{ is_priced }} then 0 else charges.units end as unpriced_tokens,
        case when {{ is_priced }} then charges.cost else 0 end as cost,
        case when {{ is_priced }} then coalesce(charges.list_cost, charges.cost) else 0 end as list_cost
    from guardrail_charges as charges
    inner join {{ ref('attempts') }} as attempts
        on
            charges.day = attempts.day
            and charges.source = attempts.source
            and charges.attempt_id = attempts.attempt_id
    where charges.units > 0

)

select
    day,
    owner,
    use_case,
    provider,
    model,
    service_tier,
    token_kind,
    cast(sum(tokens) as bigint) as tokens,
    cast(sum(unpriced_tokens) as bigint) as unpriced_tokens,
    cast(sum(cost) as decimal(38, 12)) as cost,
    cast(sum(list_cost) as decimal(38, 12)) as list_cost
from parts
group by
    day,
    owner,
    use_case,
    provider,
    model,
    service_tier,
    token_kind
