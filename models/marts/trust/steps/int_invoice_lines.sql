-- Guarantees one row per charge of an invoice in force, with what it is for and what it comes to in the reporting
-- currency: at the rate of the last day of its charge period, the day on which the provider knows the amount. Without
-- a rate the reporting amounts are null.
with charges as (

    select
        charges.source,
        charges.logged_provider,
        charges.invoice_issuer_name,
        charges.billing_account_id,
        charges.invoice_id,
        charges.billing_period_start,
        charges.billing_period_end,
        charges.charge_period_start,
        charges.charge_period_end,
        charges.charge_category,
        charges.is_usage,
        charges.charge_class,
        charges.charge_description,
        charges.service_name,
        charges.sku_id,
        charges.sku_meter,
        charges.region_id,
        charges.units,
        charges.guardrail_units,
        charges.billed_cost,
        charges.billing_currency,
        charges.pricing_currency,
        charges.pricing_currency_cost,
        charges.file_sha256,
        charges.file_row_no,
        coalesce(provider_aliases.provider, charges.logged_provider) as provider,
        {{ day_of('charges.charge_period_start') }} as first_day,
        {{ day_of(add_microseconds('charges.charge_period_end', -1)) }} as last_day,
        -- An invoice rounds to as many decimals as its most exact line has.
        max(case when charges.is_usage then {{ decimals_of('charges.billed_cost') }} end) over (
            partition by
                charges.source, charges.logged_provider, charges.billing_account_id, charges.invoice_id,
                charges.billing_period_start
        ) as invoice_decimals
    from {{ ref('stg_invoices__charges') }} as charges
    left join {{ ref('stg_reference__provider_aliases') }} as provider_aliases
        on charges.logged_provider = lower(provider_aliases.alias)

)

select
    charges.source,
    charges.invoice_id,
    charges.provider,
    {{ period_start('charges.first_day', 'month') }} as month,
    charges.billing_currency,
    charges.charge_category,
    charges.is_usage,
    case
        when names.model is not null then names.model
        when charges.is_usage then 'unmapped'
        else 'none'
    end as model,
    case
        when names.token_kind is not null then names.token_kind
        when charges.is_usage then 'unmapped'
        when charges.charge_class is not null then 'correction'
        else lower(charges.charge_category)
    end as token_kind,
    names.model is not null as is_mapped,
    coalesce(charges.sku_meter, charges.sku_id, charges.charge_description, charges.service_name) as line_name,
    cast(round(
        case when names.token_kind = 'guardrail' then coalesce(charges.guardrail_units, charges.units) else charges.units end,
        0
    ) as decimal(38, 0)) as units,
    charges.billed_cost,
    {{ converted('charges.billed_cost', 'billing_fx.rate') }} as reporting_cost,
    {{ converted('charges.pricing_currency_cost', 'pricing_fx.rate') }} as priced_cost,
    {{ converted(half_a_last_place('charges.invoice_decimals'), 'billing_fx.rate') }} as rounding_allowance,
    charges.file_sha256,
    charges.file_row_no
from charges
left join {{ ref('int_billed_names') }} as names
    on
        charges.provider = names.provider
        and coalesce(charges.sku_id, '') = names.sku_id
        and coalesce(charges.sku_meter, '') = names.sku_meter
        and coalesce(charges.charge_description, '') = names.charge_description
        and names.line_item = ''
left join {{ ref('int_fx_rates') }} as billing_fx
    on
        charges.billing_currency = billing_fx.currency
        and charges.last_day >= billing_fx.valid_from
        and charges.last_day < billing_fx.valid_to
left join {{ ref('int_fx_rates') }} as pricing_fx
    on
        charges.pricing_currency = pricing_fx.currency
        and charges.last_day >= pricing_fx.valid_from
        and charges.last_day < pricing_fx.valid_to
