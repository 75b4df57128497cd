{{ config(materialized='incremental', incremental_strategy='replace_days') }}

-- Guarantees one row per version of the price book, attempt and policy of a guardrail that checked it: the units that its
-- provider counts, and what they cost. A policy is a model of the book, `guardrail-<policy>`; the provider of a guardrail
-- need not be that of the model. Null cost: the book has no price of the policy, or there is no exchange rate.
with checks as (

    select
        attempts.day,
        attempts.source,
        attempts.attempt_id,
        attempts.started_at,
        attempts.region,
        {{ json_member('units.element', "'provider'") }} as logged_provider,
        'guardrail-' || {{ json_member('units.element', "'policy'") }} as model,
        cast({{ json_member('units.element', "'units'") }} as bigint) as units
    from {{ ref('int_attempts') }} as attempts
    cross join {{ json_elements('attempts.guardrail_units', 'units') }}
    where
        attempts.guardrail_units is not null
        {{ and_in_rebuild_days('attempts.day') }}

),

placed_checks as (

    select
        versions.book_version,
        versions.is_published,
        checks.day,
        checks.source,
        checks.attempt_id,
        checks.started_at,
        coalesce(provider_aliases.provider, checks.logged_provider) as provider,
        checks.model,
        'standard' as service_tier,
        {{ price_region('checks.region', 'model_names.priced_regions') }} as price_region,
        {{ minute_of_week('checks.started_at') }} as minute_of_week,
        0 as priced_input_tokens,
        checks.units
    from checks
    cross join {{ ref('int_book_versions') }} as versions
    left join {{ ref('stg_reference__provider_aliases') }} as provider_aliases
        on checks.logged_provider = provider_aliases.alias
    left join {{ ref('int_model_names') }} as model_names
        on
            coalesce(provider_aliases.provider, checks.logged_provider) = model_names.provider
            and {{ model_name_key('checks.model') }} = model_names.name_key

),

priced_checks as (

    select
        checks.book_version,
        checks.is_published,
        checks.day,
        checks.source,
        checks.attempt_id,
        checks.provider,
        checks.model,
        checks.units,
        cards.list_prices is not null as has_list_prices,
        case
            when cards.currencies = 1
                then {{ money_of(bucket_cost('checks.units', 'cards.guardrail_price') ~ ' * 0.000001', 'price_fx.rate') }}
        end as cost,
        {{ money_of(
            bucket_cost('checks.units', list_item('cards.list_prices', card_kinds() | length)) ~ ' * 0.000001', 'list_fx.rate'
        ) }} as listed_cost
    from placed_checks as checks
    left join {{ ref('int_rate_cards') }} as cards
        on
            checks.book_version = cards.book_version
            and {{ card_prices_attempt('cards', 'checks') }}
    left join {{ ref('int_fx_rates') }} as price_fx
        on
            cards.currency = price_fx.currency
            and checks.day >= price_fx.valid_from
            and checks.day < price_fx.valid_to
    left join {{ ref('int_fx_rates') }} as list_fx
        on
            cards.list_currency = list_fx.currency
            and checks.day >= list_fx.valid_from
            and checks.day < list_fx.valid_to

)

select
    book_version,
    is_published,
    day,
    source,
    attempt_id,
    provider,
    model,
    units,
    cast(cost as decimal(38, 12)) as cost,
    cast(case when has_list_prices then listed_cost else cost end as decimal(38, 12)) as list_cost
from priced_checks
