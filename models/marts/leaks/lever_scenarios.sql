{%- set models = {
    'routing': 'int_lever_routing', 'context_limits': 'int_lever_tokens', 'semantic_cache': 'int_lever_tokens',
    'batching': 'int_lever_tokens', 'guardrails': 'int_lever_guardrails', 'quality_gate': 'int_lever_gate',
    'budgets': 'int_lever_budgets'
} %}
{%- set without_rows = {
    'routing': 'No call of a class with a target was answered by a dearer tier.',
    'context_limits': 'No call with a known cost reached a model.',
    'semantic_cache': 'No call was made.',
    'batching': 'No call outside a batch is marked as able to wait.',
    'guardrails': 'No complete outcome in the window.',
    'quality_gate': 'No release reaches into the window, so there is nothing that a gate could have judged.',
    'budgets': 'No spend and no budget in the window.'
} %}
{%- set without_basis = ['guardrails', 'quality_gate', 'budgets'] %}
{%- set amounts = ['inference_saved', 'rework_saved', 'delay_saved'] %}

-- Guarantees one row per use case of the window and lever, seven each: what the lever would save per month and what it
-- would do to the cost per accepted outcome, computed on the real traffic of the window, each lever alone (savings of
-- several do not add up). A lever without a basis says so, and its effect is null.
with effects as (
{% for model in models.values() | unique %}
    select
        lever,
        use_case,
        affected_attempts,
        affected_outcomes,
        {%- for amount in amounts %}
        {{ amount }},
        {%- endfor %}
        accepted_change,
        basis,
        assumption
    from {{ ref(model) }}
    {{ 'union all' if not loop.last }}
{%- endfor %}
),

levers as (
{% for lever, words in without_rows.items() %}
    select
        '{{ lever }}' as lever,
        '{{ 'none' if lever in without_basis else 'nothing_to_change' }}' as default_basis,
        '{{ words }}' as default_words
    {{ 'union all' if not loop.last }}
{%- endfor %}
),

use_case_sums as (

    select
        days.use_case,
        lever_window.first_day,
        lever_window.last_day,
        lever_window.window_days,
        sum(days.accepted_outcomes) as accepted_outcomes,
        sum(days.inference_cost + days.rework_cost + days.delay_cost) as total_cost
    from {{ ref('int_use_case_days') }} as days
    inner join {{ ref('int_lever_window') }} as lever_window
        on days.day between lever_window.first_day and lever_window.last_day
    group by
        days.use_case,
        lever_window.first_day,
        lever_window.last_day,
        lever_window.window_days

),

scenarios as (

    select
        levers.lever,
        sums.use_case,
        sums.first_day,
        sums.last_day,
        sums.window_days,
        sums.accepted_outcomes,
        sums.total_cost,
        coalesce(effects.basis, levers.default_basis) as basis,
        coalesce(effects.assumption, levers.default_words) as assumption,
        coalesce(effects.affected_attempts, 0) as affected_attempts,
        coalesce(effects.affected_outcomes, 0) as affected_outcomes,
        case
            when coalesce(effects.basis, levers.default_basis) <> 'none'
                then coalesce(effects.inference_saved, 0)
        end as inference_saved,
        case
            when coalesce(effects.basis, levers.default_basis) <> 'none' then coalesce(effects.rework_saved, 0)
        end as rework_saved,
        case
            when coalesce(effects.basis, levers.default_basis) <> 'none' then coalesce(effects.delay_saved, 0)
        end as delay_saved,
        case
            when coalesce(effects.basis, levers.default_basis) <> 'none' then coalesce(effects.accepted_change, 0)
        end as accepted_change,
        effects.inference_saved as tokens_saved
    from use_case_sums as sums
    cross join levers
    left join effects
        on
            levers.lever = effects.lever
            and sums.use_case = effects.use_case

),

valued_scenarios as (

    select
        lever,
        use_case,
        first_day,
        last_day,
        window_days,
        basis,
        assumption,
        affected_attempts,
        affected_outcomes,
        {%- for amount in amounts %}
        {{ amount }},
        {%- endfor %}
        inference_saved + rework_saved + delay_saved as total_saved,
        accepted_change,
        tokens_saved,
        {{ ratio('total_cost', 'accepted_outcomes') }} as cost_now,
        {{ ratio(
            'total_cost - inference_saved - rework_saved - delay_saved',
            'case when accepted_outcomes + accepted_change > 0 then accepted_outcomes + accepted_change end'
        ) }} as cost_then
    from scenarios

)

select
    use_case,
    lever,
    first_day as window_start,
    last_day as window_end,
    basis,
    basis <> 'none' as has_basis,
    cast(affected_attempts as bigint) as affected_attempts,
    cast(affected_outcomes as bigint) as affected_outcomes,
    cast({{ per_month('total_saved', 'window_days') }} as decimal(38, 12)) as monthly_saved,
    cast({{ per_month(
        'coalesce(inference_saved, case when affected_attempts > 0 then tokens_saved end)', 'window_days'
    ) }} as decimal(38, 12)) as monthly_inference_saved,
    cast({{ per_month('rework_saved', 'window_days') }} as decimal(38, 12)) as monthly_rework_saved,
    cast({{ per_month('delay_saved', 'window_days') }} as decimal(38, 12)) as monthly_delay_saved,
    cast(total_saved as decimal(38, 12)) as window_saved,
    cast(accepted_change as double) as accepted_outcomes_change,
    cost_now as cost_per_accepted_outcome,
    cost_then as scenario_cost_per_accepted_outcome,
    cost_then - cost_now as cost_per_accepted_outcome_change,
    assumption
from valued_scenarios
