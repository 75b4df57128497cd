-- Catches a join that loses or doubles money between two layers: the inference cost of every use case is the same in
-- attempts, requests, the use-case marts of all three grains and spend, with tolerance zero in both directions.
{%- set layers = {
    'attempts': 'cost', 'requests': 'inference_cost', 'use_case_daily': 'inference_cost',
    'use_case_weekly': 'inference_cost', 'use_case_monthly': 'inference_cost', 'spend_daily': 'inference_cost'
} %}
with totals as (
{% for model, column in layers.items() %}
    select
        '{{ model }}' as layer,
        {{ "'all'" if model == 'requests' else 'use_case' }} as use_case,
        coalesce(sum({{ column }}), 0) as amount
    from {{ ref(model) }}
    group by 1, 2
    union all
    select
        '{{ model }}' as layer,
        'all' as use_case,
        coalesce(sum({{ column }}), 0) as amount
    from {{ ref(model) }}
    having {{ 'false' if model == 'requests' else 'true' }}
    {{ 'union all' if not loop.last }}
{%- endfor %}
)

select
    layers.layer,
    attempts.use_case,
    attempts.amount as attempts_amount,
    layers.amount as layer_amount
from (select use_case, amount from totals where layer = 'attempts') as attempts
full outer join (select layer, use_case, amount from totals where layer <> 'attempts') as layers
    on attempts.use_case = layers.use_case
where coalesce(attempts.amount, 0) <> coalesce(layers.amount, 0)
