{{ config(materialized='incremental', incremental_strategy='replace_days') }}

{%- set key = ['day', 'source', 'attempt_id'] %}

-- Guarantees one row per version of the price book, attempt, meter, provider and model: how much of a unit is billed, and
-- what it costs. Of an answer from a cache only guardrails, tools and fees are; hours of capacity pay for tokens; searches
-- within their allowance are free. A fee is stated money, which no price multiplies. Null cost: the book has no price of
-- the unit, or there is no exchange rate.
with billed_units as (

    select
        versions.book_version,
        versions.is_published,
        {{ columns_of('units', key) }},
        units.started_at,
        units.meter,
        units.unit,
        units.is_of_other_model,
        units.provider,
        units.model,
        coalesce(case when not units.is_of_other_model then modifiers.price_list end, units.service_tier) as price_tier,
        units.price_region,
        units.minute_of_week,
        units.priced_input_tokens,
        units.currency as stated_currency,
        case
            when units.unit = 'tokens' and not units.is_of_other_model then coalesce(modifiers.multiplier, 1)
            else 1
        end as price_multiplier,
        units.quantity,
        case
            when units.cache_hit and not units.is_of_other_model and units.unit <> 'money' then 0
            when units.unit = 'tokens' and not units.is_of_other_model and capacity.attempt_id is not null then 0
            when units.meter = 'web_search' then coalesce(searches.billed_web_searches, units.quantity)
            else units.quantity
        end as billed_quantity
    from {{ ref('int_attempt_units') }} as units
    cross join {{ ref('int_book_versions') }} as versions
    left join {{ ref('int_billed_searches') }} as searches on {{ same('units', 'searches', key) }}
    left join {{ ref('int_capacity_attempts') }} as capacity on {{ same('units', 'capacity', key) }}
    left join {{ ref('int_attempt_modifiers') }} as modifiers on {{ same('units', 'modifiers', key) }}
    where true {{ and_in_rebuild_days('units.day') }}

),

priced_units as (

    select
        {{ columns_of('units', ['book_version', 'is_published'] + key) }},
        units.meter,
        units.unit,
        units.is_of_other_model,
        units.provider,
        units.model,
        units.quantity,
        units.billed_quantity,
        rates.price_per_million,
        case when units.unit = 'money' then units.stated_currency else rates.currency end as currency,
        case
            when units.billed_quantity = 0 then 0
            when units.unit = 'money' then {{ converted('units.billed_quantity', 'stated_fx.rate') }}
            else {{ unit_money('units', 'rates.price_per_million', 'price_fx.rate') }}
        end as cost,
        case
            when units.billed_quantity = 0 then 0
            when units.unit = 'money' then {{ converted('units.billed_quantity', 'stated_fx.rate') }}
            else {{ unit_money('units', 'rates.list_price_per_million', 'list_fx.rate') }}
        end as list_cost
    from billed_units as units
    left join {{ ref('int_unit_rates') }} as rates
        on
            units.book_version = rates.book_version
            and units.meter = rates.meter
            and {{ card_prices_attempt('rates', 'units') }}
    {%- for fx, currency in {
        'price_fx': 'rates.currency', 'list_fx': 'rates.list_currency', 'stated_fx': 'units.stated_currency'
    }.items() %}
    left join {{ ref('int_fx_rates') }} as {{ fx }}
        on
            {{ currency }} = {{ fx }}.currency
            and units.day >= {{ fx }}.valid_from
            and units.day < {{ fx }}.valid_to
    {%- endfor %}

)

select
    book_version,
    is_published,
    {{ key | join(',\n    ') }},
    meter,
    unit,
    is_of_other_model,
    provider,
    model,
    quantity,
    cast(billed_quantity as decimal(24, 12)) as billed_quantity,
    price_per_million,
    currency,
    cast(cost as decimal(38, 12)) as cost,
    cast(list_cost as decimal(38, 12)) as list_cost
from priced_units
