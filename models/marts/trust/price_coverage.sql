-- Guarantees one row per provider, model, service tier and reason, all time: how its attempts were priced, and for
-- those without a price of ours what it would take. Unpriced attempts count tokens, never a cost of zero. A guardrail
-- without a price is named beside the model that it checked, whose attempts it leaves unpriced.
with missing_policies as (

    select
        provider,
        model,
        service_tier,
        tier,
        unpriced_reason,
        guardrail_provider || '/' || guardrail_model as policy,
        cast(sum(units) as bigint) as units
    from {{ ref('int_unpriced_guardrail_days') }}
    group by
        provider,
        model,
        service_tier,
        tier,
        unpriced_reason,
        guardrail_provider || '/' || guardrail_model

),

missing_guardrails as (

    select
        provider,
        model,
        service_tier,
        tier,
        unpriced_reason,
        {{ joined_texts("policy || ': ' || cast(units as varchar)", ', ', 'policy') }} as policies
    from missing_policies
    group by
        provider,
        model,
        service_tier,
        tier,
        unpriced_reason

),

pricing as (

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
    pricing.provider,
    pricing.model,
    pricing.service_tier,
    pricing.reason,
    pricing.tier,
    pricing.is_tier_declared,
    pricing.first_day,
    pricing.last_day,
    pricing.attempts,
    pricing.attempts - pricing.logged_attempts - pricing.unpriced_attempts as priced_attempts,
    pricing.logged_attempts,
    pricing.unpriced_attempts,
    {{ ratio('pricing.attempts - pricing.unpriced_attempts', 'pricing.attempts') }} as costed_share,
    pricing.input_tokens,
    pricing.cache_read_tokens,
    pricing.cache_write_tokens,
    pricing.output_tokens,
    pricing.tool_calls,
    pricing.cache_storage_token_hours,
    pricing.aliased_attempts,
    pricing.undeclared_deployment_attempts,
    pricing.disagreeing_attempts,
    pricing.inference_cost,
    missing.policies as missing_guardrails,
    case pricing.reason
        when 'priced' then null
        when 'unknown_model'
            then 'add the model to model_prices, or its name to model_aliases'
        when 'no_price_for_tier_or_time'
            then 'add a price for this service tier and time to model_prices or price_overrides'
        when 'no_price_for_guardrail'
            then 'add prices of the kind guardrail, or exchange rates, for what missing_guardrails names'
        {%- for kind in stand_alone_kinds() if kind != 'guardrail' %}
        when 'no_price_for_{{ kind }}' then 'add a price of the kind {{ kind }} to model_prices or price_overrides'
        {%- endfor %}
        when 'no_price_for_token_kind' then 'add a price for the token kinds that the model bills'
        when 'no_fx' then 'add exchange rates of the price currency to fx_rates'
        when 'cost_out_of_range' then 'check the counts and prices: a single call cannot cost a million'
        when 'usage_not_reported' then 'make the client report usage (streams: include usage)'
    end as what_it_takes
from pricing
left join missing_guardrails as missing
    on
        pricing.provider = missing.provider
        and pricing.model = missing.model
        and pricing.service_tier = missing.service_tier
        and pricing.tier = missing.tier
        and pricing.reason = missing.unpriced_reason
