-- Guarantees one row per comparison of two periods, use case (`all` for all together) and metric: the change and the
-- effects that it is made of, which add up to it exactly. Order-free: logarithmic-mean decomposition (LMDI-I).
-- A metric that does not exist in one of the periods has no change and no effects.
with metrics as (
{% for metric, cost, unit in [
    ['cost_per_request', '{0}_scope_inference_cost', 'requests'],
    ['cost_per_accepted_outcome',
     '{0}_scope_inference_cost + {0}_scope_rework_cost + {0}_scope_delay_cost', 'accepted_outcomes']
] %}
    select distinct
        comparison,
        label,
        scope,
        '{{ metric }}' as metric
        {%- for side in ['before', 'after'] %},
        case when {{ side }}_scope_{{ unit }} > 0 then {{ exact_quotient(
            [[cost.format(side), 12]], 'nullif(' ~ side ~ '_scope_' ~ unit ~ ', 0)'
        ) }} end as {{ side }}_value
        {%- endfor %}
    from {{ ref('int_driver_use_cases') }}
    {{ 'union all' if not loop.last }}
{%- endfor %}
),

changes as (

    select
        comparison,
        label,
        scope,
        metric,
        before_value,
        after_value,
        after_value - before_value as change
    from metrics

),

rounded_effects as (

    select
        changes.comparison,
        changes.label,
        changes.scope,
        changes.metric,
        changes.change,
        names.effect,
        cast(round(coalesce(effects.amount, 0), 12) as decimal(38, 12)) as amount
    from changes
    cross join (
        {%- for effect in driver_effects() %}
        select '{{ effect }}' as effect{{ ' union all' if not loop.last }}
        {%- endfor %}
    ) as names
    left join {{ ref('int_driver_effects') }} as effects
        on
            changes.comparison = effects.comparison
            and changes.label = effects.label
            and changes.scope = effects.scope
            and changes.metric = effects.metric
            and names.effect = effects.effect
    where changes.change is not null

),

-- What rounding to 12 decimals leaves over goes to the largest effect, where it is the least part.
ranked_effects as (

    select
        comparison,
        label,
        scope,
        metric,
        effect,
        amount,
        change - sum(amount) over (partition by comparison, label, scope, metric) as rounding_rest,
        row_number() over (
            partition by comparison, label, scope, metric order by abs(amount) desc, effect
        ) as size_rank
    from rounded_effects

),

effects as (

    select
        comparison,
        label,
        scope,
        metric,
        max(abs(rounding_rest)) as rounding_rest
        {%- for effect in driver_effects() %},
        sum(case
            when effect = '{{ effect }}' then amount + case when size_rank = 1 then rounding_rest else 0 end
            else 0
        end) as {{ effect }}_effect
        {%- endfor %}
    from ranked_effects
    group by comparison, label, scope, metric

)

select
    changes.comparison,
    changes.label,
    changes.scope as use_case,
    changes.metric,
    comparisons.before_start,
    comparisons.before_end,
    comparisons.after_start,
    comparisons.after_end,
    cast(changes.before_value as decimal(38, 12)) as before_value,
    cast(changes.after_value as decimal(38, 12)) as after_value,
    cast(changes.change as decimal(38, 12)) as change
    {%- for effect in driver_effects() %},
    cast(effects.{{ effect }}_effect as decimal(38, 12)) as {{ effect }}_effect
    {%- endfor %},
    cast(effects.rounding_rest as decimal(38, 12)) as rounding_rest
from changes
inner join {{ ref('int_driver_comparisons') }} as comparisons
    on
        changes.comparison = comparisons.comparison
        and changes.label = comparisons.label
left join effects
    on
        changes.comparison = effects.comparison
        and changes.label = effects.label
        and changes.scope = effects.scope
        and changes.metric = effects.metric
