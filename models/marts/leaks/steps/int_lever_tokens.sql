-- One row per lever that changes what a call is made of, and use case: shorter context, repeated prompts answered from a
-- cache, calls that can wait sent as a batch. Each keeps the model and with it the answer, so acceptance and rework are
-- assumed to stay.
with limited_attempts as (

    select
        attempts.use_case,
        coalesce(cast(limits.value as integer), attempts.context_limit) as context_limit,
        {{ share_factor('shares.value') }} as share,
        attempts.outcome_id,
        attempts.has_parts,
        attempts.context_tokens,
        attempts.context_cost
    from {{ ref('int_lever_attempts') }} as attempts
    inner join {{ ref('int_lever_parameters') }} as limits
        on {{ assumption_applies('limits', 'context_limits', 'limit_tokens', 'attempts.use_case', 'attempts.task_class') }}
    inner join {{ ref('int_lever_parameters') }} as shares
        on {{ assumption_applies('shares', 'context_limits', 'share', 'attempts.use_case', 'attempts.task_class') }}
    where
        attempts.cost > 0
        and attempts.reached_model

),

context_limits as (

    select
        'context_limits' as lever,
        use_case,
        sum(case when context_tokens > context_limit then 1 else 0 end) as affected_attempts,
        count(distinct case when context_tokens > context_limit then outcome_id end) as affected_outcomes,
        sum(case
            when context_tokens > context_limit and has_parts
                then cast(round(share * {{ exact_quotient(
                    [['context_cost', 12], ['context_tokens - context_limit', 0]], 'context_tokens'
                ) }}, 12) as decimal(38, 12))
            else 0
        end) as inference_saved,
        sum(case when context_limit is not null then 1 else 0 end) > 0 as has_basis,
        'Context above the limit of the task class is left out of '
        || {{ percent_words('max(share)') }} || ' of ' || cast(
            sum(case when context_tokens > context_limit then 1 else 0 end) as varchar
        ) || ' calls, at the price paid. Answers are assumed to be as good as before: no observation says otherwise.'
            as assumption,
        'No call has more context than the limit of its task class.' as nothing_found,
        'No context limit is declared for this use case.' as no_basis
    from limited_attempts
    group by use_case

),

semantic_cache as (

    select
        'semantic_cache' as lever,
        attempts.use_case,
        sum(case when attempts.weak_cache_gross_cost > 0 then 1 else 0 end) as affected_attempts,
        count(distinct case when attempts.weak_cache_gross_cost > 0 then attempts.outcome_id end) as affected_outcomes,
        sum(cast(
            round(attempts.weak_cache_gross_cost * {{ share_factor('shares.value') }}, 12) as decimal(38, 12)
        )) as inference_saved,
        sum(case when attempts.has_prompt_hash then 1 else 0 end) > 0 as has_basis,
        {{ percent_words('max(cast(shares.value as double))') }} || ' of '
        || cast(sum(case when attempts.weak_cache_gross_cost > 0 then 1 else 0 end) as varchar)
        || ' calls, whose prompt was answered before within the cache lifetime, get that answer again without a model.'
        || ' The same answer is assumed to be worth the same; running the cache is not counted.' as assumption,
        'No prompt was answered before within the cache lifetime.' as nothing_found,
        'No prompt hash is logged for this use case, so repeated prompts cannot be seen.' as no_basis
    from {{ ref('int_lever_attempts') }} as attempts
    inner join {{ ref('int_lever_parameters') }} as shares
        on {{ assumption_applies('shares', 'semantic_cache', 'share', 'attempts.use_case', 'attempts.task_class') }}
    group by attempts.use_case

),

waiting_attempts as (

    select
        attempts.use_case,
        attempts.outcome_id,
        {{ share_factor('shares.value') }} as share,
        attempts.cost,
        {{ price_by_card('attempts', 'batch_cards', 'batch_fx.rate') }} as batch_cost
    from {{ ref('int_lever_attempts') }} as attempts
    inner join {{ ref('int_lever_parameters') }} as shares
        on {{ assumption_applies('shares', 'batching', 'share', 'attempts.use_case', 'attempts.task_class') }}
    left join {{ ref('int_rate_cards') }} as batch_cards
        on {{ card_applies('attempts', 'batch_cards', none, none, "'batch'") }}
    left join {{ ref('int_fx_rates') }} as batch_fx
        on
            batch_cards.currency = batch_fx.currency
            and attempts.day >= batch_fx.valid_from
            and attempts.day < batch_fx.valid_to
    where
        attempts.can_wait
        and attempts.service_tier <> 'batch'
        and attempts.reached_model
        and attempts.cost > 0

),

batching as (

    select
        'batching' as lever,
        use_case,
        count(*) as affected_attempts,
        count(distinct outcome_id) as affected_outcomes,
        sum(cast(round(share * (cost - coalesce(batch_cost, cost)), 12) as decimal(38, 12))) as inference_saved,
        count(batch_cost) > 0 as has_basis,
        {{ percent_words('max(share)') }} || ' of ' || cast(count(*) as varchar)
        || ' calls that are marked as able to wait go out as a batch of the same model'
        || case
            when count(batch_cost) < count(*)
                then ' (' || cast(count(*) - count(batch_cost) as varchar) || ' have no batch price and stay)'
            else ''
        end
        || '. Same model, same answers; what can wait is assumed to be late for nobody.' as assumption,
        '' as nothing_found,
        'The price book has no batch price for the models of the '
        || cast(count(*) as varchar) || ' calls that could wait.' as no_basis
    from waiting_attempts
    group by use_case

),

levers as (
{% for lever in ['context_limits', 'semantic_cache', 'batching'] %}
    select
        lever,
        use_case,
        affected_attempts,
        affected_outcomes,
        inference_saved,
        has_basis,
        assumption,
        nothing_found,
        no_basis
    from {{ lever }}
    {{ 'union all' if not loop.last }}
{%- endfor %}
)

select
    lever,
    use_case,
    affected_attempts,
    affected_outcomes,
    cast(coalesce(inference_saved, 0) as decimal(38, 12)) as inference_saved,
    cast(0 as decimal(38, 12)) as rework_saved,
    cast(0 as decimal(38, 12)) as delay_saved,
    cast(0 as decimal(38, 12)) as accepted_change,
    case
        when not has_basis then 'none'
        when affected_attempts = 0 then 'nothing_to_change'
        else 'assumed'
    end as basis,
    case
        when not has_basis then no_basis
        when affected_attempts = 0 then nothing_found
        else assumption
    end as assumption
from levers
