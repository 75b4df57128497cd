-- Guarantees one row per provider, month, model, token kind and billing currency that our logs, the provider's report or
-- an invoice knows. The residual is what was billed less what we computed, and its parts add up to it exactly:
-- what the invoice bills for tokens is cut at the invoice's own price into tokens that no log has (missing_logs), tokens
-- that our book has no price for (unpriced), and the rest, which differs from our cost by the price (other_price), or by
-- no more than rounding the lines can make (rounding). Where a line has no quantity, nothing can be cut and the
-- difference is unexplained, as it is for what one side alone knows without tokens to compare.
with usage_by_kind as (

    select
        provider,
        {{ period_start('day', 'month') }} as month,
        model,
        -- Invoices bill reasoning as output.
        case when token_kind = 'reasoning' then 'output' else token_kind end as token_kind,
        cast(sum(tokens) as decimal(38, 0)) as logged_tokens,
        cast(sum(unpriced_tokens) as decimal(38, 0)) as unpriced_tokens,
        cast(sum(cost) as decimal(38, 12)) as our_cost
    from {{ ref('int_token_kind_days') }}
    group by
        provider,
        {{ period_start('day', 'month') }},
        model,
        case when token_kind = 'reasoning' then 'output' else token_kind end

),

invoiced_months as (

    select
        provider,
        month,
        max(case when reporting_cost is null or priced_cost is null then 1 else 0 end) = 1 as lacks_rate
    from {{ ref('int_invoice_lines') }}
    group by provider, month

),

billed_by_kind as (

    select
        provider,
        month,
        model,
        token_kind,
        billing_currency,
        min(case when not is_mapped then line_name end) as unmapped_line,
        count(*) as invoice_lines,
        cast(sum(case when is_usage then units end) as decimal(38, 0)) as billed_tokens,
        max(case when is_usage and units is null then 1 else 0 end) = 1 as lacks_units,
        cast(sum(billed_cost) as decimal(38, 12)) as billed_amount,
        cast(sum(reporting_cost) as decimal(38, 12)) as billed_cost,
        cast(coalesce(sum(case when is_usage then reporting_cost end), 0) as decimal(38, 12)) as billed_usage,
        cast(coalesce(sum(case when is_usage then priced_cost end), 0) as decimal(38, 12)) as priced_usage,
        cast(coalesce(sum(case when is_usage then rounding_allowance end), 0) as decimal(38, 12)) as rounding_allowance,
        -- Where one thing is billed in two currencies, our side is shown once.
        row_number() over (partition by provider, month, model, token_kind order by billing_currency) = 1 as is_first
    from {{ ref('int_invoice_lines') }}
    group by provider, month, model, token_kind, billing_currency

),

known_keys as (

    select provider, month, model, token_kind from usage_by_kind
    union
    select provider, month, model, token_kind from {{ ref('int_provider_reports') }}
    union
    select provider, month, model, token_kind from billed_by_kind

),

compared as (

    select
        known_keys.provider,
        known_keys.month,
        known_keys.model,
        known_keys.token_kind,
        case
            when invoiced_months.provider is null then 'no_invoice'
            when invoiced_months.lacks_rate then 'no_exchange_rate'
            else 'invoiced'
        end as invoice_status,
        coalesce(billed.billing_currency, '{{ var("reporting_currency") }}') as billing_currency,
        coalesce(billed.is_first, true) as shows_our_side,
        coalesce(used.logged_tokens, 0) as logged_tokens,
        coalesce(used.unpriced_tokens, 0) as unpriced_tokens,
        coalesce(used.our_cost, 0) as our_cost,
        reports.reported_tokens,
        reports.reported_cost,
        billed.unmapped_line,
        billed.invoice_lines,
        case when not billed.lacks_units then billed.billed_tokens end as billed_tokens,
        billed.billed_amount,
        billed.billed_cost,
        billed.billed_usage,
        billed.priced_usage,
        billed.rounding_allowance
    from known_keys
    left join invoiced_months
        on
            known_keys.provider = invoiced_months.provider
            and known_keys.month = invoiced_months.month
    left join billed_by_kind as billed
        on
            known_keys.provider = billed.provider
            and known_keys.month = billed.month
            and known_keys.model = billed.model
            and known_keys.token_kind = billed.token_kind
    left join usage_by_kind as used
        on
            known_keys.provider = used.provider
            and known_keys.month = used.month
            and known_keys.model = used.model
            and known_keys.token_kind = used.token_kind
    left join {{ ref('int_provider_reports') }} as reports
        on
            known_keys.provider = reports.provider
            and known_keys.month = reports.month
            and known_keys.model = reports.model
            and known_keys.token_kind = reports.token_kind

),

sides as (

    select
        provider,
        month,
        model,
        token_kind,
        billing_currency,
        invoice_status,
        unmapped_line,
        case when shows_our_side then logged_tokens else 0 end as logged_tokens,
        case when shows_our_side then unpriced_tokens else 0 end as unpriced_tokens,
        cast(case when shows_our_side then our_cost else 0 end as decimal(38, 12)) as our_cost,
        case when shows_our_side then reported_tokens end as reported_tokens,
        case when shows_our_side then reported_cost end as reported_cost,
        case when invoice_status <> 'no_invoice' then coalesce(invoice_lines, 0) end as invoice_lines,
        case when invoice_status <> 'no_invoice' then billed_tokens end as billed_tokens,
        cast(case when invoice_status <> 'no_invoice' then coalesce(billed_amount, 0) end as decimal(38, 12))
            as billed_amount,
        -- Null, not zero, where no invoice came or an amount cannot be converted.
        cast(case when invoice_status = 'invoiced' then coalesce(billed_cost, 0) end as decimal(38, 12)) as billed_cost,
        cast(case when invoice_status = 'invoiced' then coalesce(billed_usage, 0) end as decimal(38, 12))
            as billed_usage,
        cast(coalesce(priced_usage, 0) as decimal(38, 12)) as priced_usage,
        cast(coalesce(rounding_allowance, 0) as decimal(38, 12)) as rounding_allowance
    from compared

),

cut_usage as (

    select
        provider,
        month,
        model,
        token_kind,
        billing_currency,
        invoice_status,
        unmapped_line,
        logged_tokens,
        unpriced_tokens,
        our_cost,
        reported_tokens,
        reported_cost,
        invoice_lines,
        billed_tokens,
        billed_amount,
        billed_cost,
        billed_usage,
        priced_usage,
        rounding_allowance,
        {{ share_of('priced_usage', '(billed_tokens - logged_tokens)', 'billed_tokens') }} as of_missing_tokens,
        {{ share_of('priced_usage', 'unpriced_tokens', 'billed_tokens') }} as of_unpriced_tokens
    from sides

),

remainders as (

    select
        provider,
        month,
        model,
        token_kind,
        billing_currency,
        invoice_status,
        unmapped_line,
        logged_tokens,
        unpriced_tokens,
        our_cost,
        reported_tokens,
        reported_cost,
        invoice_lines,
        billed_tokens,
        billed_amount,
        billed_cost,
        billed_usage,
        priced_usage,
        rounding_allowance,
        of_missing_tokens,
        of_unpriced_tokens,
        billed_usage - our_cost - (billed_usage - priced_usage) - of_missing_tokens - of_unpriced_tokens as remainder
    from cut_usage

)

select
    provider,
    month,
    model,
    token_kind,
    billing_currency,
    invoice_status,
    unmapped_line,
    invoice_lines,
    logged_tokens,
    unpriced_tokens,
    our_cost,
    reported_tokens,
    reported_cost,
    billed_tokens,
    billed_amount,
    billed_cost,
    cast(billed_cost - our_cost as decimal(38, 12)) as residual,
    case
        when billed_usage is null then null
        when token_kind = 'unsplit' then remainder
        else of_unpriced_tokens
    end as unpriced,
    case when billed_usage is not null then of_missing_tokens end as missing_logs,
    case
        when billed_usage is null then null
        when token_kind <> 'unsplit' and billed_tokens > 0 and abs(remainder) > rounding_allowance then remainder
        else cast(0 as decimal(38, 12))
    end as other_price,
    cast(billed_cost - billed_usage as decimal(38, 12)) as credits_and_tax,
    case when billed_usage is not null then cast(billed_usage - priced_usage as decimal(38, 12)) end as currency,
    case
        when billed_usage is null then null
        when token_kind <> 'unsplit' and abs(remainder) <= rounding_allowance then remainder
        else cast(0 as decimal(38, 12))
    end as rounding,
    case
        when billed_usage is null then null
        when token_kind <> 'unsplit' and coalesce(billed_tokens, 0) <= 0 and abs(remainder) > rounding_allowance
            then remainder
        else cast(0 as decimal(38, 12))
    end as unexplained
from remainders
