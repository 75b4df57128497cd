{{ config(materialized='incremental', incremental_strategy='replace_days') }}

{%- set parts = ['input', 'cache_read', 'cache_write', 'cache_write_1h'] %}
{%- set carried = [
    'day', 'cohort_day', 'source', 'attempt_id', 'request_id', 'outcome_id', 'use_case', 'task_class', 'provider',
    'model', 'tier', 'service_tier', 'status', 'started_at', 'finished_at', 'finished_day', 'cache_hit',
    'input_valid', 'can_wait', 'prompt_hash', 'context_tokens', 'context_limit', 'cache_lifetime_hours', 'cost',
    'cost_source', 'is_on_capacity'
] + priced_columns() %}

-- Guarantees one row per attempt, on the day it started, with the day it counts for in the use-case marts: its cost by
-- kind of token (the parts add up to the cost), and what its tokens would have cost at the reference model of the tier
-- that its task class needs. Parts are told only of a cost that came from the price book; any other is `other_cost`.
with placed_attempts as (

    select
        attempts.day,
        coalesce(outcomes.day, attempts.day) as cohort_day,
        attempts.source,
        attempts.attempt_id,
        attempts.request_id,
        attempts.outcome_id,
        attempts.use_case,
        attempts.task_class,
        attempts.provider,
        attempts.model,
        attempts.tier,
        attempts.service_tier,
        attempts.status,
        attempts.started_at,
        {{ finished_at('attempts.ended_at', 'attempts.started_at') }} as finished_at,
        attempts.finished_day,
        attempts.cache_hit,
        attempts.input_valid,
        attempts.can_wait,
        logged.prompt_hash,
        {%- for column in priced_columns() if column not in ['price_region', 'minute_of_week', 'priced_input_tokens'] %}
        attempts.{{ column }},
        {%- endfor %}
        {{ price_region('attempts.region', 'model_names.priced_regions') }} as price_region,
        {{ minute_of_week('attempts.started_at') }} as minute_of_week,
        {{ priced_input_tokens('attempts') }} as priced_input_tokens,
        attempts.context_tokens,
        case attempts.task_class
            when 'A' then use_cases.context_limit_a
            when 'B' then use_cases.context_limit_b
            when 'C' then use_cases.context_limit_c
        end as context_limit,
        use_cases.cache_lifetime_hours,
        attempts.cost,
        attempts.cost_source,
        attempts.is_on_capacity
    from {{ ref('attempts') }} as attempts
    inner join {{ ref('int_attempts') }} as logged
        on
            attempts.day = logged.day
            and attempts.source = logged.source
            and attempts.attempt_id = logged.attempt_id
    left join {{ ref('int_model_names') }} as model_names
        on
            attempts.provider = model_names.provider
            and {{ model_name_key('attempts.model') }} = model_names.name_key
    left join {{ ref('int_outcome_attempts') }} as outcomes
        on
            attempts.use_case = outcomes.use_case
            and attempts.outcome_id = outcomes.outcome_id
    left join {{ ref('stg_reference__use_cases') }} as use_cases
        on
            attempts.use_case = use_cases.use_case
            and attempts.started_at >= use_cases.valid_from
            and attempts.started_at < use_cases.valid_to
    where true {{ and_in_rebuild_days('attempts.day') }}

),

-- The reference model at the service tier of the call, or at the standard tier where it has no price on that one.
carded_attempts as (

    select
        {%- for column in carried %}
        attempts.{{ column }},
        {%- endfor %}
        cards.provider is not null and attempts.cost_source in ('price_book', 'free') and not attempts.cache_hit
        and not attempts.is_on_capacity
            as has_parts,
        {%- for part in parts %}
        case
            when {{ billed_units('attempts')[part] }} = 0 then 0
            else {{ money_of(
                multiplied(part_by_card('attempts', 'cards', [part]), 'attempts.price_multiplier'), 'fx.rate'
            ) }}
        end as {{ part }}_cost,
        {%- endfor %}
        {{ money_of(
            multiplied(part_by_card('attempts', 'cards', ['output', 'reasoning']), 'attempts.price_multiplier'), 'fx.rate'
        ) }} as output_cost,
        {{ price_by_other_model('attempts') }} as reference_cost
    from placed_attempts as attempts
    left join {{ ref('int_rate_cards') }} as cards on {{ card_applies('attempts', 'cards') }}
    left join {{ ref('int_fx_rates') }} as fx
        on
            cards.currency = fx.currency
            and attempts.day >= fx.valid_from
            and attempts.day < fx.valid_to
    left join {{ ref('stg_reference__models') }} as reference_models
        on
            reference_models.is_reference
            and reference_models.tier = {{ right_tier('attempts.task_class') }}
            and attempts.tier = 'premium'
            and attempts.task_class in ('B', 'C')
    left join {{ ref('int_model_names') }} as reference_names
        on
            reference_models.provider = reference_names.provider
            and {{ model_name_key('reference_models.model') }} = reference_names.name_key
    {{ join_cards_of_other_model(
        'attempts', 'reference_models.provider', 'reference_models.model', 'reference_names.priced_regions'
    ) }}

),

split_attempts as (

    select
        {%- for column in carried %}
        {{ column }},
        {%- endfor %}
        has_parts,
        {%- for part in parts + ['output'] %}
        case when has_parts then {{ part }}_cost else 0 end as {{ part }}_cost,
        {%- endfor %}
        case
            when has_parts then cost - ({{ parts | join('_cost + ') }}_cost + output_cost)
            else coalesce(cost, 0)
        end as remainder,
        reference_cost
    from carded_attempts

)

select
    {%- for column in carried %}
    {{ column }},
    {%- endfor %}
    has_parts,
    {%- for part in parts %}
    cast({{ part }}_cost as decimal(18, 12)) as {{ part }}_cost,
    {%- endfor %}
    -- Each part is rounded on its own; the few millionths of a millionth left by that are no cost of another kind.
    cast(output_cost + case when has_parts and abs(remainder) < 0.0000000001 then remainder else 0 end
        as decimal(18, 12)) as output_cost,
    cast(case when has_parts and abs(remainder) < 0.0000000001 then 0 else remainder end as decimal(18, 12))
        as other_cost,
    reference_cost
from split_attempts
