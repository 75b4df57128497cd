{{ config(materialized='incremental', incremental_strategy='replace_days') }}

-- Guarantees one row per day, provider, model, tier, service tier and reason of attempts without a price, and per provider
-- model and meter that the published book cannot price of them, with the units to be priced.
with unpriced_units as (

    select
        day,
        source,
        attempt_id,
        meter,
        is_of_other_model,
        provider,
        model,
        billed_quantity as units
    from {{ ref('int_unit_charges') }}
    where
        is_published
        and cost is null
        {{ and_in_rebuild_days('day') }}

)

select
    attempts.day,
    attempts.provider,
    attempts.model,
    attempts.tier,
    attempts.service_tier,
    attempts.unpriced_reason,
    units.meter,
    units.is_of_other_model,
    units.provider as unit_provider,
    units.model as unit_model,
    cast(sum(units.units) as decimal(38, 12)) as units
from unpriced_units as units
inner join {{ ref('attempts') }} as attempts
    on
        units.day = attempts.day
        and units.source = attempts.source
        and units.attempt_id = attempts.attempt_id
where
    attempts.unpriced_reason is not null
    {{ and_in_rebuild_days('attempts.day') }}
group by
    attempts.day,
    attempts.provider,
    attempts.model,
    attempts.tier,
    attempts.service_tier,
    attempts.unpriced_reason,
    units.meter,
    units.is_of_other_model,
    units.provider,
    units.model
