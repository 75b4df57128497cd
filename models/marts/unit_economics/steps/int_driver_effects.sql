{%- set factors = [
    ['use_case_mix', 'use_cases.{}_requests', 'use_cases.{}_scope_requests'],
    ['retries', 'cells.{}_attempts', 'use_cases.{}_requests'],
    ['cache', 'cells.{}_calls', 'cells.{}_attempts'],
    ['model_mix', 'cells.{}_model_calls', 'cells.{}_calls'],
    ['service_tier', 'cells.{}_tier_calls', 'cells.{}_model_calls'],
    ['length', 'cells.{}_group_units', 'cells.{}_tier_calls'],
    ['composition', 'cells.{}_units', 'cells.{}_group_units'],
    ['price', 'cells.{}_cost', 'cells.{}_units']
] %}

-- One row per comparison, scope, metric, part of the cost and effect, in a logarithmic-mean decomposition (LMDI-I, Ang
-- 2005): a part that is a product of factors changes by the sum of L(before, after) x ln(factor after / factor before),
-- L being the logarithmic mean. No order of factors is involved and nothing is left over. Where a factor is zero in one
-- period only (a model that was not used before), the limit of that formula holds: the coarsest such factor takes the
-- whole change of the part. Doubles; exact amounts are made of them in the mart.
with use_cases as (

    select
        comparison,
        label,
        scope,
        use_case
        {%- for side in ['before', 'after'] %}
        {%- for column in ['requests', 'outcomes', 'accepted_outcomes'] %},
        {{ side }}_{{ column }},
        {{ side }}_scope_{{ column }}
        {%- endfor %},
        {{ side }}_rework_cost,
        {{ side }}_delay_cost
        {%- endfor %},
        {{ log_change(
            'before_requests', 'before_scope_requests', 'after_requests', 'after_scope_requests'
        ) }} as mix_log,
        {{ log_change('before_outcomes', 'before_requests', 'after_outcomes', 'after_requests') }} as outcomes_log,
        {{ log_change(
            'before_accepted_outcomes', 'before_outcomes', 'after_accepted_outcomes', 'after_outcomes'
        ) }} as acceptance_log
    from {{ ref('int_driver_use_cases') }}

),

-- Each use case's part in the change of accepted outcomes per request of the scope.
accepted_parts as (

    select
        comparison,
        label,
        scope,
        use_case,
        before_requests,
        after_requests,
        before_outcomes,
        after_outcomes,
        mix_log,
        outcomes_log,
        acceptance_log,
        {{ ratio('before_accepted_outcomes', 'before_scope_requests') }} as before_part,
        {{ ratio('after_accepted_outcomes', 'after_scope_requests') }} as after_part,
        {{ ratio('before_scope_accepted_outcomes', 'before_scope_requests') }} as before_whole,
        {{ ratio('after_scope_accepted_outcomes', 'after_scope_requests') }} as after_whole
    from use_cases

),

accepted_logs as (

    select
        comparison,
        label,
        scope,
        sum(case
            when mix_log + outcomes_log + acceptance_log is not null
                then {{ logarithmic_mean('before_part', 'after_part') }} * mix_log
            when {{ appears_or_vanishes('before_requests', 'after_requests') }} then after_part - before_part
            else 0
        end / {{ logarithmic_mean('before_whole', 'after_whole') }}) as use_case_mix,
        sum(case
            when mix_log + outcomes_log + acceptance_log is not null
                then {{ logarithmic_mean('before_part', 'after_part') }} * outcomes_log
            when {{ appears_or_vanishes('before_requests', 'after_requests') }} then 0
            when {{ appears_or_vanishes('before_outcomes', 'after_outcomes') }} then after_part - before_part
            else 0
        end / {{ logarithmic_mean('before_whole', 'after_whole') }}) as requests_per_outcome,
        sum(case
            when mix_log + outcomes_log + acceptance_log is not null
                then {{ logarithmic_mean('before_part', 'after_part') }} * acceptance_log
            when {{ appears_or_vanishes('before_requests', 'after_requests') }} then 0
            when {{ appears_or_vanishes('before_outcomes', 'after_outcomes') }} then 0
            else after_part - before_part
        end / {{ logarithmic_mean('before_whole', 'after_whole') }}) as acceptance
    from accepted_parts
    group by comparison, label, scope

),

inference_factors as (

    select
        cells.comparison,
        cells.label,
        use_cases.scope,
        cells.token_kind,
        cast(cells.before_cost as double) as before_cost,
        cast(cells.after_cost as double) as after_cost,
        cast(use_cases.before_scope_requests as double) as before_requests,
        cast(use_cases.after_scope_requests as double) as after_requests,
        cast(use_cases.before_scope_accepted_outcomes as double) as before_accepted,
        cast(use_cases.after_scope_accepted_outcomes as double) as after_accepted,
        {%- for factor, part, whole in factors %}
        {{ log_change(
            part.format('before'), whole.format('before'), part.format('after'), whole.format('after')
        ) }} as {{ factor }}_log,
        {%- endfor %}
        case
            {%- for factor, part, whole in factors %}
            when {{ appears_or_vanishes(part.format('before'), part.format('after')) }} then '{{ factor }}'
            {%- endfor %}
            else 'price'
        end as decisive_factor
    from {{ ref('int_driver_cells') }} as cells
    inner join use_cases
        on
            cells.comparison = use_cases.comparison
            and cells.label = use_cases.label
            and cells.use_case = use_cases.use_case

),

inference_parts as (
{% for metric, unit in {'cost_per_request': 'requests', 'cost_per_accepted_outcome': 'accepted'}.items() %}
    select
        '{{ metric }}' as metric,
        comparison,
        label,
        scope,
        token_kind,
        decisive_factor,
        {%- for factor, part, whole in factors %}
        {{ factor }}_log,
        {%- endfor %}
        before_cost / nullif(before_{{ unit }}, 0) as before_part,
        after_cost / nullif(after_{{ unit }}, 0) as after_part
    from inference_factors
    {{ 'union all' if not loop.last }}
{%- endfor %}
),

human_parts as (
{% for kind in ['rework', 'delay'] %}
    select
        comparison,
        label,
        scope,
        '{{ kind }}' as kind,
        {{ ratio('before_' ~ kind ~ '_cost', 'before_scope_accepted_outcomes') }} as before_part,
        {{ ratio('after_' ~ kind ~ '_cost', 'after_scope_accepted_outcomes') }} as after_part,
        mix_log,
        outcomes_log,
        {{ log_change(
            'before_' ~ kind ~ '_cost', 'before_outcomes', 'after_' ~ kind ~ '_cost', 'after_outcomes'
        ) }} as cost_log,
        {{ appears_or_vanishes('before_requests', 'after_requests') }} as is_other_use_case
    from use_cases
    where before_{{ kind }}_cost <> 0 or after_{{ kind }}_cost <> 0
    {{ 'union all' if not loop.last }}
{%- endfor %}
),

effects as (
{% for factor, part, whole in factors %}
    select
        metric,
        comparison,
        label,
        scope,
        case '{{ factor }}'
            when 'length' then case when token_kind = 'output' then 'output_length' else 'context_length' end
            when 'composition' then 'cache'
            else '{{ factor }}'
        end as effect,
        case
            when {{ factors | map('first') | join('_log + ') }}_log is not null
                then {{ logarithmic_mean('before_part', 'after_part') }} * {{ factor }}_log
            when decisive_factor = '{{ factor }}' then after_part - before_part
            else 0
        end as amount
    from inference_parts

    union all
{% endfor %}

    -- Fewer accepted outcomes per request make every part dearer that stands in both periods.
    {%- for effect in ['use_case_mix', 'requests_per_outcome', 'acceptance'] %}
    select
        parts.metric,
        parts.comparison,
        parts.label,
        parts.scope,
        '{{ effect }}' as effect,
        -{{ logarithmic_mean('parts.before_part', 'parts.after_part') }} * accepted_logs.{{ effect }} as amount
    from inference_parts as parts
    inner join accepted_logs
        on
            parts.comparison = accepted_logs.comparison
            and parts.label = accepted_logs.label
            and parts.scope = accepted_logs.scope
    where
        parts.metric = 'cost_per_accepted_outcome'
        and {{ factors | map('first') | join('_log + ') }}_log is not null

    union all

    select
        'cost_per_accepted_outcome' as metric,
        parts.comparison,
        parts.label,
        parts.scope,
        '{{ effect }}' as effect,
        {{ logarithmic_mean('parts.before_part', 'parts.after_part') }} * (
            {%- if effect == 'use_case_mix' %}parts.mix_log - {% elif effect == 'requests_per_outcome' -%}
            parts.outcomes_log - {% else %}-{% endif %}accepted_logs.{{ effect }}
        ) as amount
    from human_parts as parts
    inner join accepted_logs
        on
            parts.comparison = accepted_logs.comparison
            and parts.label = accepted_logs.label
            and parts.scope = accepted_logs.scope
    where parts.mix_log + parts.outcomes_log + parts.cost_log is not null

    union all
    {%- endfor %}

    select
        'cost_per_accepted_outcome' as metric,
        comparison,
        label,
        scope,
        case
            when mix_log + outcomes_log + cost_log is null and is_other_use_case then 'use_case_mix'
            else kind
        end as effect,
        case
            when mix_log + outcomes_log + cost_log is null then after_part - before_part
            else {{ logarithmic_mean('before_part', 'after_part') }} * cost_log
        end as amount
    from human_parts

)

-- Fifteen decimals, so that the sum does not depend on the order of its parts.
select
    comparison,
    label,
    scope,
    metric,
    effect,
    cast(sum(cast(amount as decimal(38, 15))) as decimal(38, 15)) as amount
from effects
where amount is not null
group by
    comparison,
    label,
    scope,
    metric,
    effect
