-- Guarantees one row per source, provider, model, month and reason: by how much the costs that were logged differ from
-- ours, and why. The differences of all reasons add up exactly to all logged costs less all costs of ours.
select
    source,
    provider,
    model,
    {{ period_start('day', 'month') }} as month,
    reason,
    cast(sum(attempts) as bigint) as attempts,
    cast(sum(our_cost) as decimal(38, 12)) as our_cost,
    cast(sum(logged_cost) as decimal(38, 12)) as logged_cost,
    cast(sum(logged_cost) - sum(our_cost) as decimal(38, 12)) as difference
from {{ ref('int_logged_cost_days') }}
group by
    source,
    provider,
    model,
    {{ period_start('day', 'month') }},
    reason
