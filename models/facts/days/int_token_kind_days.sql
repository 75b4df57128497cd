{{ config(materialized='incremental', incremental_strategy='replace_days') }}

{%- set kinds = billed_units('attempts') %}
{%- set group_key = [
    'day', 'owner', 'use_case', 'provider', 'model', 'service_tier', 'is_unpriced', 'is_on_capacity',
    'price_version_id', 'price_multiplier'
] %}
{#- Of what the log priced, or nobody, no part is known to be that of a unit. -#}
{%- set is_priced = "attempts.cost_source in ('price_book', 'free')" %}

{%- set weighed = group_key + ['attempts', 'cost', 'list_cost', 'request_price'] %}
{%- for kind in kinds %}{% do weighed.extend([kind ~ '_tokens', kind ~ '_weight', kind ~ '_list_weight']) %}{% endfor %}

-- Guarantees one row per day, owner, use case, provider, model, service tier and token kind: the tokens used and what
-- of the attempts' cost, and of their cost at list prices, falls to them. The parts of a group add up exactly to what its
-- attempts cost; the rest that rounding leaves goes to the kind that costs most. Capacity paid by the hour is split by
-- tokens. What cannot be split, because the book has no price and the log's own cost stands in, is of the kind
-- `unsplit`. Cache hits use no tokens of a provider. Units beyond text tokens have prices of their own, so that they are no
-- part of the split; those of guardrails and tools are of the provider that bills them.
with unit_charges as (

    select
        day,
        source,
        attempt_id,
        meter,
        is_of_other_model,
        provider,
        model,
        case when unit = 'tokens' then quantity else billed_quantity end as units,
        cost,
        list_cost
    from {{ ref('int_unit_charges') }}
    where
        is_published
        {{ and_in_rebuild_days('day') }}

),

unit_costs as (

    select
        day,
        source,
        attempt_id,
        sum(cost) as cost,
        sum(coalesce(list_cost, cost)) as list_cost
    from unit_charges
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
        attempts.price_multiplier,
        attempts.cost - coalesce(unit_costs.cost, 0) as cost,
        -- Without a list price, what it costs stands in.
        coalesce(attempts.list_cost - unit_costs.list_cost, attempts.list_cost, attempts.cost - coalesce(unit_costs.cost, 0))
            as list_cost,
        {%- for kind, units in kinds.items() %}
        case when attempts.cache_hit then 0 else {{ units }} end as {{ kind }}_tokens{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('attempts') }} as attempts
    left join unit_costs
        on
            attempts.day = unit_costs.day
            and attempts.source = unit_costs.source
            and attempts.attempt_id = unit_costs.attempt_id
            and {{ is_priced }}
    where true {{ and_in_rebuild_days('attempts.day') }}

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

weighed_groups as (

    select
        {{ columns_of('price_groups', group_key) }},
        price_groups.attempts,
        price_groups.cost,
        price_groups.list_cost,
        {%- for kind in kinds %}
        {#- Requests are no tokens, so the hours of capacity are not theirs. -#}
        {%- set kind_tokens = '0' if kind == 'request' else 'price_groups.' ~ kind ~ '_tokens' %}
        price_groups.{{ kind }}_tokens,
        {%- if kind == 'request' %}
        prices.request_price,
        {%- endif %}
        case
            when price_groups.is_unpriced or price_groups.{{ kind }}_tokens = 0 then cast(0 as decimal(38, 15))
            when price_groups.is_on_capacity then cast({{ kind_tokens }} as decimal(38, 15))
            else {{ multiplied(
                'cast(price_groups.' ~ kind ~ '_tokens as decimal(14, 0)) * coalesce(prices.' ~ kind ~ '_price, 0)',
                'price_groups.price_multiplier', 'decimal(38, 15)'
            ) }}
        end as {{ kind }}_weight,
        case
            when price_groups.is_unpriced or price_groups.{{ kind }}_tokens = 0 then cast(0 as decimal(38, 15))
            when price_groups.is_on_capacity and price_groups.price_version_id is null
                then cast({{ kind_tokens }} as decimal(38, 15))
            else {{ multiplied(
                'cast(price_groups.' ~ kind ~ '_tokens as decimal(14, 0)) * coalesce(prices.' ~ kind ~ '_list_price, 0)',
                'price_groups.price_multiplier', 'decimal(38, 15)'
            ) }}
        end as {{ kind }}_list_weight{{ ',' if not loop.last }}
        {%- endfor %}
    from price_groups
    left join prices on price_groups.price_version_id = prices.price_version_id

),

summed_groups as (

    select
        {{ weighed | join(',\n        ') }},
        {{ kinds | join('_weight + ') }}_weight as group_weight,
        {{ kinds | join('_list_weight + ') }}_list_weight as group_list_weight,
        greatest({{ kinds | join('_weight, ') }}_weight) as greatest_weight
    from weighed_groups

),

-- The kind that costs most, the first of several, takes the rest.
rounded_groups as {{ materialized() }} (

    select
        {{ weighed | join(',\n        ') }},
        group_weight,
        group_list_weight,
        greatest_weight,
        case
            {%- for kind in kinds %}
            when {{ kind }}_weight = greatest_weight then '{{ kind }}'
            {%- endfor %}
        end as greatest_kind,
        cost
        {%- for kind in kinds %}
        - case
            when {{ kind }}_weight = 0 then 0
            else {{ part_by_weight(kind ~ '_weight', 'group_weight', 'cost', 'attempts') }}
        end
        {%- endfor %} as rest_of_cost,
        list_cost
        {%- for kind in kinds %}
        - case
            when {{ kind }}_list_weight = 0 then 0
            else {{ part_by_weight(kind ~ '_list_weight', 'group_list_weight', 'list_cost', 'attempts') }}
        end
        {%- endfor %} as rest_of_list_cost
    from summed_groups

),

split_kinds as (

    {% for kind in kinds -%}
    select
        {{ group_key | join(",\n        ") }},
        '{{ kind }}' as token_kind,
        -- A request that costs nothing by itself is none that is billed.
        {% if kind == 'request' -%}
        case when coalesce(request_price, 0) = 0 then 0 else request_tokens end as tokens,
        {%- else -%}
        {{ kind }}_tokens as tokens,
        {%- endif %}
        case
            when group_weight = 0 then cast(0 as decimal(38, 12))
            else {{ part_by_weight(kind ~ '_weight', 'group_weight', 'cost', 'attempts') }}
                + case when greatest_kind = '{{ kind }}' then rest_of_cost else 0 end
        end as cost,
        case
            when group_weight = 0 then cast(0 as decimal(38, 12))
            else {{ part_by_weight(kind ~ '_list_weight', 'group_list_weight', 'list_cost', 'attempts') }}
                + case when greatest_kind = '{{ kind }}' then rest_of_list_cost else 0 end
        end as list_cost
    from rounded_groups
    where {{ kind }}_tokens <> 0 or greatest_kind = '{{ kind }}'
    {{ 'union all' if not loop.last }}
    {% endfor %}

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
        cost,
        list_cost
    from rounded_groups
    where
        group_weight = 0
        and (cost <> 0 or list_cost <> 0)

    union all

    select
        attempts.day,
        attempts.owner,
        attempts.use_case,
        case when charges.is_of_other_model then charges.provider else attempts.provider end as provider,
        case when charges.is_of_other_model then charges.model else attempts.model end as model,
        case when charges.is_of_other_model then 'standard' else attempts.service_tier end as service_tier,
        charges.meter as token_kind,
        charges.units as tokens,
        case when {{ is_priced }} then 0 else charges.units end as unpriced_tokens,
        case when {{ is_priced }} then charges.cost else 0 end as cost,
        case when {{ is_priced }} then coalesce(charges.list_cost, charges.cost) else 0 end as list_cost
    from unit_charges as charges
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
    cast(sum(tokens) as decimal(38, 12)) as tokens,
    cast(sum(unpriced_tokens) as decimal(38, 12)) as unpriced_tokens,
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
