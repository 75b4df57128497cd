{{ config(materialized='incremental', incremental_strategy='replace_days') }}

-- Guarantees one row per day, provider, model and former version of the price book under which that day would have cost
-- something else: by how much, and how many more attempts would have no cost. A day without a row costs the same.
with former_versions as (

    select book_version
    from {{ ref('int_book_versions') }}
    where not is_published

),

former_rate_cards as (

    select
        book_version,
        provider,
        model,
        region,
        service_tier,
        valid_from,
        valid_to,
        from_minute,
        to_minute,
        above_tokens,
        up_to_tokens,
        currency,
        currencies,
        {%- for kind in billed_units('attempts') %}
        {{ kind }}_price{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('int_rate_cards') }}
    where not is_published

),

former_unit_costs as (

    select
        book_version,
        day,
        source,
        attempt_id,
        case when count(cost) = count(*) then sum(cost) end as cost
    from {{ ref('int_unit_charges') }}
    where
        not is_published
        {{ and_in_rebuild_days('day') }}
    group by
        book_version,
        day,
        source,
        attempt_id

),

-- Only prices of the book change between versions: unreported usage costs the same in all, and of cache hits and of what
-- capacity served only units that are billed besides change.
placed_attempts as (

    select
        former_versions.book_version,
        attempts.day,
        attempts.provider,
        attempts.model,
        {{ price_region('attempts.region', 'model_names.priced_regions') }} as price_region,
        attempts.service_tier,
        attempts.started_at,
        {{ minute_of_week('attempts.started_at') }} as minute_of_week,
        {{ priced_input_tokens('attempts') }} as priced_input_tokens,
        attempts.reached_model,
        attempts.input_tokens,
        attempts.cache_read_tokens,
        attempts.cache_write_tokens,
        attempts.cache_write_1h_tokens,
        attempts.output_tokens,
        attempts.reasoning_tokens,
        attempts.price_tier,
        attempts.price_multiplier,
        case when units.attempt_id is null then 0 else units.cost end as unit_cost,
        attempts.cache_hit,
        attempts.is_on_capacity,
        attempts.cost - attempts.unit_cost as hours_cost,
        attempts.cost,
        attempts.unpriced_reason,
        {{ believed_cost('attempts') }} as believed_cost
    from {{ ref('attempts') }} as attempts
    cross join former_versions
    left join {{ ref('int_model_names') }} as model_names
        on
            attempts.provider = model_names.provider
            and {{ model_name_key('attempts.logged_model') }} = model_names.name_key
    left join former_unit_costs as units
        on
            former_versions.book_version = units.book_version
            and attempts.day = units.day
            and attempts.source = units.source
            and attempts.attempt_id = units.attempt_id
    where
        (attempts.cache_hit or attempts.usage_reported)
        {{ and_in_rebuild_days('attempts.day') }}

),

repriced_attempts as (

    select
        placed_attempts.book_version,
        placed_attempts.day,
        placed_attempts.provider,
        placed_attempts.model,
        placed_attempts.cost,
        case
            -- What the log does not report is not known under any version.
            when placed_attempts.unpriced_reason in ('output_parts_not_reported', 'nothing_to_price')
                then placed_attempts.cost
            when placed_attempts.cache_hit then placed_attempts.unit_cost
            when placed_attempts.is_on_capacity
                then {{ attempt_money('placed_attempts.hours_cost + placed_attempts.unit_cost') }}
            else coalesce(
                case
                    when rate_cards.currencies = 1
                        then {{ attempt_money(price_by_card('placed_attempts', 'rate_cards', 'price_fx.rate')) }}
                end,
                placed_attempts.believed_cost
            )
        end as repriced_cost
    from placed_attempts
    left join former_rate_cards as rate_cards
        on
            placed_attempts.book_version = rate_cards.book_version
            and {{ card_prices_attempt('rate_cards', 'placed_attempts') }}
    left join {{ ref('int_fx_rates') }} as price_fx
        on
            rate_cards.currency = price_fx.currency
            and placed_attempts.day >= price_fx.valid_from
            and placed_attempts.day < price_fx.valid_to

)

select
    book_version,
    day,
    provider,
    model,
    cast(sum(coalesce(repriced_cost, 0) - coalesce(cost, 0)) as decimal(38, 12)) as difference,
    cast(
        sum(case when repriced_cost is null then 1 else 0 end) - sum(case when cost is null then 1 else 0 end) as bigint
    ) as more_unpriced_attempts
from repriced_attempts
where repriced_cost is distinct from cost
group by
    book_version,
    day,
    provider,
    model
