-- Guarantees one row per provider, model, service tier and reason, all time: how its attempts were priced, and for
-- those without a price of ours what it would take. Unpriced attempts count tokens, never a cost of zero.
with pricing as (

    select
        provider,
        model,
        service_tier,
        tier,
        is_tier_declared,
        coalesce(unpriced_reason, 'priced') as reason,
        min(day) as first_day,
        max(day) as last_day,
        cast(sum(attempts) as bigint) as attempts,
        cast(sum(case when cost_source = 'logged' then attempts else 0 end) as bigint) as logged_attempts,
        cast(sum(unpriced_attempts) as bigint) as unpriced_attempts,
        cast(sum(input_tokens) as bigint) as input_tokens,
        cast(sum(cache_read_tokens) as bigint) as cache_read_tokens,
        cast(sum(cache_write_tokens) as bigint) as cache_write_tokens,
        cast(sum(output_tokens) as bigint) as output_tokens,
        cast(sum(tool_calls) as bigint) as tool_calls,
        cast(sum(cache_storage_token_hours) as bigint) as cache_storage_token_hours,
        cast(sum(aliased_attempts) as bigint) as aliased_attempts,
        cast(sum(undeclared_deployment_attempts) as bigint) as undeclared_deployment_attempts,
        cast(sum(disagreeing_attempts) as bigint) as disagreeing_attempts,
        cast(sum(inference_cost) as decimal(38, 12)) as inference_cost
    from {{ ref('int_spend_days') }}
    group by
        provider,
        model,
        service_tier,
        tier,
        is_tier_declared,
        coalesce(unpriced_reason, 'priced')

)

select
    provider,
    model,
    service_tier,
    reason,
    tier,
    is_tier_declared,
    first_day,
    last_day,
    attempts,
    attempts - logged_attempts - unpriced_attempts as priced_attempts,
    logged_attempts,
    unpriced_attempts,
    {{ ratio('attempts - unpriced_attempts', 'attempts') }} as costed_share,
    input_tokens,
    cache_read_tokens,
    cache_write_tokens,
    output_tokens,
    tool_calls,
    cache_storage_token_hours,
    aliased_attempts,
    undeclared_deployment_attempts,
    disagreeing_attempts,
    inference_cost,
    case reason
        when 'priced' then null
        when 'unknown_model'
            then 'add the model to model_prices, or its name to model_aliases'
        when 'no_price_for_tier_or_time'
            then 'add a price for this service tier and time to model_prices or price_overrides'
        when 'no_price_for_guardrail'
            then 'add prices of the kind guardrail for the models guardrail-<policy> of the guardrail''s provider'
        {%- for kind in stand_alone_kinds() if kind != 'guardrail' %}
        when 'no_price_for_{{ kind }}' then 'add a price of the kind {{ kind }} to model_prices or price_overrides'
        {%- endfor %}
        when 'no_price_for_token_kind' then 'add a price for the token kinds that the model bills'
        when 'no_fx' then 'add exchange rates of the price currency to fx_rates'
        when 'cost_out_of_range' then 'check the counts and prices: a single call cannot cost a million'
        when 'usage_not_reported' then 'make the client report usage (streams: include usage)'
    end as what_it_takes
from pricing
