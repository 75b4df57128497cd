-- One row is one charge of an invoice in force, as of the run. Restated invoices have replaced the former ones in the
-- raw table already. `units` are single tokens, requests or the like, `guardrail_units` those of a line that counts in
-- just units; null where the unit is none that we count in.
select
    _source as source,
    lower(trim(provider_name)) as logged_provider,
    invoice_issuer_name,
    billing_account_id,
    invoice_id,
    billing_period_start,
    billing_period_end,
    charge_period_start,
    charge_period_end,
    charge_category,
    charge_category = 'Usage' and charge_class is null as is_usage,
    charge_class,
    charge_description,
    service_name,
    sku_id,
    sku_meter,
    region_id,
    coalesce(
        {{ single_units('consumed_quantity', 'consumed_unit') }}, {{ single_units('pricing_quantity', 'pricing_unit') }}
    ) as units,
    coalesce(
        {{ guardrail_units('consumed_quantity', 'consumed_unit') }},
        {{ guardrail_units('pricing_quantity', 'pricing_unit') }}
    ) as guardrail_units,
    billed_cost,
    billing_currency,
    case
        when pricing_currency_effective_cost is not null then coalesce(pricing_currency, billing_currency)
        else billing_currency
    end as pricing_currency,
    coalesce(pricing_currency_effective_cost, billed_cost) as pricing_currency_cost,
    _file_sha256 as file_sha256,
    _row_no as file_row_no
from {{ source('invoices', 'focus_rows') }}
where
    _is_current
    and charge_period_start <= {{ as_of() }}
