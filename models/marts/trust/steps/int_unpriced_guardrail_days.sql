{{ config(materialized='incremental', incremental_strategy='replace_days') }}

-- Guarantees one row per day, provider, model, tier, service tier and reason of attempts without a price, and per provider
-- and policy of a guardrail that checked them and that the published book cannot price, with the units to be priced.
with unpriced_checks as (

    select
        day,
        source,
        attempt_id,
        provider,
        model,
        units
    from {{ ref('int_guardrail_charges') }}
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
    checks.provider as guardrail_provider,
    checks.model as guardrail_model,
    cast(sum(checks.units) as bigint) as units
from unpriced_checks as checks
inner join {{ ref('attempts') }} as attempts
    on
        checks.day = attempts.day
        and checks.source = attempts.source
        and checks.attempt_id = attempts.attempt_id
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
    checks.provider,
    checks.model
