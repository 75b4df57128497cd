{{ config(materialized='incremental', incremental_strategy='replace_days') }}

-- Guarantees one row per attempt, meter, provider and model: what it used beyond text tokens. A unit is of the provider
-- and model of its attempt unless the log names others, as guardrails and tools do.
with stated_units as (

    select
        attempts.day,
        attempts.source,
        attempts.attempt_id,
        attempts.started_at,
        attempts.region,
        attempts.service_tier,
        attempts.deployment,
        attempts.cache_hit,
        {{ priced_input_tokens('attempts') }} as priced_input_tokens,
        {{ json_member('units.element', "'meter'") }} as meter,
        {{ json_member('units.element', "'model'") }} is not null as is_of_other_model,
        coalesce({{ json_member('units.element', "'provider'") }}, attempts.logged_provider) as logged_provider,
        coalesce({{ json_member('units.element', "'model'") }}, attempts.logged_model) as logged_model,
        coalesce({{ json_member('units.element', "'currency'") }}, '{{ var("reporting_currency") }}') as currency,
        cast({{ json_member('units.element', "'quantity'") }} as decimal(24, 12)) as quantity
    from {{ ref('int_attempts') }} as attempts
    cross join {{ json_elements('attempts.units', 'units') }}
    where
        attempts.units is not null
        {{ and_in_rebuild_days('attempts.day') }}

)

select
    units.day,
    units.source,
    units.attempt_id,
    units.started_at,
    units.deployment,
    units.cache_hit,
    units.meter,
    coalesce(meters.unit, 'unknown') as unit,
    units.is_of_other_model,
    coalesce(provider_aliases.provider, units.logged_provider) as provider,
    coalesce(model_names.model, units.logged_model) as model,
    case when units.is_of_other_model then 'standard' else units.service_tier end as service_tier,
    {{ price_region('units.region', 'model_names.priced_regions') }} as price_region,
    {{ minute_of_week('units.started_at') }} as minute_of_week,
    case when units.is_of_other_model then 0 else units.priced_input_tokens end as priced_input_tokens,
    units.currency,
    units.quantity
from stated_units as units
left join {{ ref('stg_reference__meters') }} as meters on units.meter = meters.meter
left join {{ ref('stg_reference__provider_aliases') }} as provider_aliases
    on units.logged_provider = provider_aliases.alias
left join {{ ref('int_model_names') }} as model_names
    on
        coalesce(provider_aliases.provider, units.logged_provider) = model_names.provider
        and {{ model_name_key('units.logged_model') }} = model_names.name_key
where units.quantity > 0
