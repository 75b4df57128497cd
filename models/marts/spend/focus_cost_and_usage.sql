{{ config(materialized='incremental', incremental_strategy='replace_days', period_column='"x_Day"') }}

{%- set text_meters = {
    'input': 'Input Tokens', 'cache_read': 'Cached Input Tokens', 'cache_write': 'Cache Write Tokens',
    'cache_write_1h': 'Cache Write Tokens (1 Hour)', 'output': 'Output Tokens', 'reasoning': 'Reasoning Tokens',
    'request': 'Requests', 'unsplit': 'Tokens of All Kinds'
} %}

-- Guarantees one row per day, owner, use case, provider, model, service tier and token kind, in the columns of FOCUS
-- 1.2: our AI cost for any FinOps tool. The costs are what we compute from the logs, not what an invoice says, and add
-- up to the inference cost of spend_daily to the last digit. Columns that begin with x_ are ours.
with token_kind_days as (

    select
        kinds.day,
        kinds.owner,
        kinds.use_case,
        kinds.provider,
        kinds.model,
        kinds.service_tier,
        kinds.token_kind,
        kinds.tokens,
        kinds.unpriced_tokens,
        kinds.cost,
        kinds.list_cost,
        case meters.unit
            when 'tokens' then 'Tokens'
            when 'token_hours' then 'Token-Hours'
            when 'units' then 'Units'
            when 'seconds' then 'Seconds'
            when 'characters' then 'Characters'
            when 'money' then 'Fees'
            else case
                when kinds.token_kind = 'request' or meters.meter is not null then 'Requests'
                when kinds.token_kind in ('{{ text_meters | join("', '") }}') then 'Tokens'
                else 'Units'
            end
        end as focus_unit,
        coalesce(
            meters.sku_meter,
            case kinds.token_kind
                {%- for kind, sku_meter in text_meters.items() %}
                when '{{ kind }}' then '{{ sku_meter }}'
                {%- endfor %}
                else kinds.token_kind
            end
        ) as sku_meter,
        {{ period_start('kinds.day', 'month') }} as month
    from {{ ref('int_token_kind_days') }} as kinds
    left join {{ ref('stg_reference__meters') }} as meters on kinds.token_kind = meters.meter
    where true {{ and_in_rebuild_days('kinds.day') }}

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
    focus_unit as "ConsumedUnit",
    cost as "ContractedCost",
    cost as "EffectiveCost",
    cast(null as varchar) as "InvoiceId",
    provider as "InvoiceIssuerName",
    list_cost as "ListCost",
    'Standard' as "PricingCategory",
    cast(tokens as decimal(38, 12)) as "PricingQuantity",
    focus_unit as "PricingUnit",
    provider as "ProviderName",
    provider as "PublisherName",
    'AI and Machine Learning' as "ServiceCategory",
    provider || ' inference' as "ServiceName",
    'Generative AI' as "ServiceSubcategory",
    provider || '/' || model || '/' || token_kind as "SkuId",
    sku_meter as "SkuMeter",
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
