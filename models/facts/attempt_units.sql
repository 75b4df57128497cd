{{ config(materialized='incremental', incremental_strategy='replace_days') }}

-- Guarantees one row per attempt, meter, provider and model: what an attempt used beyond text tokens, and what it costs by
-- the published price book. No row is dropped: a unit that nobody can price has no cost.
select
    charges.day,
    charges.source,
    charges.attempt_id,
    attempts.use_case,
    attempts.owner,
    charges.meter,
    charges.unit,
    case when charges.is_of_other_model then charges.provider else attempts.provider end as provider,
    case when charges.is_of_other_model then charges.model else attempts.model end as model,
    charges.quantity,
    charges.billed_quantity,
    charges.price_per_million,
    charges.currency,
    {{ attempt_money('charges.cost') }} as cost,
    {{ attempt_money('charges.list_cost') }} as list_cost,
    attempts.cost_source in ('price_book', 'free') as is_in_cost
from {{ ref('int_unit_charges') }} as charges
inner join {{ ref('attempts') }} as attempts
    on
        charges.day = attempts.day
        and charges.source = attempts.source
        and charges.attempt_id = attempts.attempt_id
where
    charges.is_published
    {{ and_in_rebuild_days('charges.day') }}
