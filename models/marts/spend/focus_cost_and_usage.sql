{{ config(materialized='incremental', incremental_strategy='replace_days', period_column='"x_Day"') }}

{%- set meters = {
    'input': ['Input Tokens', 'Tokens'],
    'cache_read': ['Cached Input Tokens', 'Tokens'],
    'cache_write': ['Cache Write Tokens', 'Tokens'],
    'cache_write_1h': ['Cache Write Tokens (1 Hour)', 'Tokens'],
    'output': ['Output Tokens', 'Tokens'],
    'reasoning': ['Reasoning Tokens', 'Tokens'],
    'audio_input': ['Audio Input Tokens', 'Tokens'],
    'audio_output': ['Audio Output Tokens', 'Tokens'],
    'image_input': ['Image Input Tokens', 'Tokens'],
    'request': ['Requests', 'Requests'],
    'web_search': ['Web Searches', 'Requests'],
    'file_search': ['File Searches', 'Requests'],
    'code_interpreter': ['Code Interpreter Sessions', 'Requests'],
    'cache_storage': ['Cache Storage', 'Token-Hours'],
    'guardrail': ['Guardrail Units', 'Units'],
    'unsplit': ['Tokens of All Kinds', 'Tokens']
} %}

-- Guarantees one row per day, owner, use case, provider, model, service tier and token kind, in the columns of FOCUS
-- 1.2: our AI cost for any FinOps tool. The costs are what we compute from the logs, not what an invoice says, and add
-- up to the inference cost of spend_daily to the last digit. Columns that begin with x_ are ours.
with token_kind_days as (

    select
        day,
        owner,
        use_case,
        provider,
        model,
        service_tier,
        token_kind,
        tokens,
        unpriced_tokens,
        cost,
        list_cost,
        {{ period_start('day', 'month') }} as month
    from {{ ref('int_token_kind_days') }}
    where true {{ and_in_rebuild_days('day') }}

)

select
    cost as "BilledCost",
    provider as "BillingAccountId",
    cast(null as varchar) as "BillingAccountName",
    'Provider' as "BillingAccountType",
    '{{ var("reporting_currency") }}' as "BillingCurrency",
    {{ start_of_day(add_days('month', days_in_month('month'))) }} as "BillingPeriodEnd",
    {{ start_of_day('month') }} as "BillingPeriodStart",
    'Usage' as "ChargeCategory",
    cast(null as varchar) as "ChargeClass",
    model || ', ' || token_kind || case when service_tier <> 'standard' then ', ' || service_tier else '' end
        as "ChargeDescription",
    'Usage-Based' as "ChargeFrequency",
    {{ start_of_day(add_days('day', 1)) }} as "ChargePeriodEnd",
    {{ start_of_day('day') }} as "ChargePeriodStart",
    cast(tokens as decimal(38, 12)) as "ConsumedQuantity",
    case token_kind
        {%- for kind, (meter, unit) in meters.items() %}
        when '{{ kind }}' then '{{ unit }}'
        {%- endfor %}
    end as "ConsumedUnit",
    cost as "ContractedCost",
    cost as "EffectiveCost",
    cast(null as varchar) as "InvoiceId",
    provider as "InvoiceIssuerName",
    list_cost as "ListCost",
    'Standard' as "PricingCategory",
    cast(tokens as decimal(38, 12)) as "PricingQuantity",
    case token_kind
        {%- for kind, (meter, unit) in meters.items() %}
        when '{{ kind }}' then '{{ unit }}'
        {%- endfor %}
    end as "PricingUnit",
    provider as "ProviderName",
    provider as "PublisherName",
    'AI and Machine Learning' as "ServiceCategory",
    provider || ' inference' as "ServiceName",
    'Generative AI' as "ServiceSubcategory",
    provider || '/' || model || '/' || token_kind as "SkuId",
    case token_kind
        {%- for kind, (meter, unit) in meters.items() %}
        when '{{ kind }}' then '{{ meter }}'
        {%- endfor %}
    end as "SkuMeter",
    provider || '/' || model || '/' || token_kind || '/' || service_tier as "SkuPriceId",
    {{ json_text({'owner': 'owner', 'use_case': 'use_case'}) }} as "Tags",
    day as "x_Day",
    owner as "x_Owner",
    use_case as "x_UseCase",
    model as "x_Model",
    service_tier as "x_ServiceTier",
    token_kind as "x_TokenKind",
    unpriced_tokens as "x_UnpricedQuantity"
from token_kind_days
