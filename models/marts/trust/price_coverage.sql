-- Guarantees one row per provider, model, service tier and reason, all time: how its attempts were priced, and for
-- those without a price of ours what it would take. Unpriced attempts count tokens, never a cost of zero. A unit
-- beyond text tokens without a price is named beside the model whose attempts it leaves unpriced.
with missing_meters as (

    select
        provider,
        model,
        service_tier,
        tier,
        unpriced_reason,
        case when is_of_other_model then unit_provider || '/' || unit_model else meter end as name,
        sum(units) as units
    from {{ ref('int_unpriced_unit_days') }}
    group by
        provider,
        model,
        service_tier,
        tier,
        unpriced_reason,
        case when is_of_other_model then unit_provider || '/' || unit_model else meter end

),

missing_units as (

    select
        provider,
        model,
        service_tier,
        tier,
        unpriced_reason,
        {{ joined_texts("name || ': ' || " ~ plain_number_text('units'), ', ', 'name') }} as names
    from missing_meters
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
        cast(sum(aliased_attempts) as bigint) as aliased_attempts,
        cast(sum(undeclared_deployment_attempts) as bigint) as undeclared_deployment_attempts,
        cast(sum(disagreeing_attempts) as bigint) as disagreeing_attempts,
        cast(sum(not_understood_attempts) as bigint) as not_understood_attempts,
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
    pricing.aliased_attempts,
    pricing.undeclared_deployment_attempts,
    pricing.disagreeing_attempts,
    pricing.not_understood_attempts,
    pricing.inference_cost,
    missing.names as missing_units,
    case
        when pricing.reason = 'priced' then null
        when pricing.reason = 'unknown_model'
            then 'add the model to model_prices, or its name to model_aliases'
        when pricing.reason = 'no_price_for_tier_or_time'
            then 'add a price for this service tier and time to model_prices or price_overrides'
        when pricing.reason = 'no_price_for_token_kind' then 'add a price for the token kinds that the model bills'
        when pricing.reason = 'no_price_for_fee' then 'add exchange rates of the currency of the fee to fx_rates'
        when pricing.reason like 'no_price_for_%'
            then 'add prices of the kind ' || substr(pricing.reason, 14) || ', or exchange rates, for what missing_units names'
        when pricing.reason = 'no_fx' then 'add exchange rates of the price currency to fx_rates'
        when pricing.reason = 'cost_out_of_range' then 'check the counts and prices: a single call cannot cost a million'
        when pricing.reason = 'usage_not_reported' then 'make the client report usage (streams: include usage)'
        when pricing.reason = 'output_parts_not_reported'
            then 'make the client report what the output is made of: its parts have prices of their own'
        when pricing.reason = 'nothing_to_price'
            then 'make the client report the units that the model is billed by, or the cost'
    end as what_it_takes
from pricing
left join missing_units as missing
    on
        pricing.provider = missing.provider
        and pricing.model = missing.model
        and pricing.service_tier = missing.service_tier
        and pricing.tier = missing.tier
        and pricing.reason = missing.unpriced_reason
