-- Catches a join that loses or doubles money between invoices, logs and their reconciliation: per provider, what was
-- billed in each currency, our cost and our tokens are in invoice_reconciliation exactly once. It counts whole units of each
-- line: seconds and fees have fractions.
with lines as (

    select
        provider,
        cast(sum(tokens) as decimal(38, 0)) as tokens
    from {{ ref('int_token_kind_days') }}
    group by
        provider,
        model,
        token_kind,
        {{ period_start('day', 'month') }}

),

sides as (

    select 'billed ' || billing_currency as side, provider, cast(billed_cost as decimal(38, 12)) as amount from {{ ref('int_invoice_lines') }}
    union all
    select 'our cost' as side, provider, cast(cost as decimal(38, 12)) as amount from {{ ref('int_token_kind_days') }}
    union all
    select 'tokens' as side, provider, cast(tokens as decimal(38, 12)) as amount from lines
    union all
    select 'reported' as side, provider, cast(reported_tokens as decimal(38, 12)) as amount from {{ ref('int_provider_reports') }}

),

shown as (

    select 'billed ' || billing_currency as side, provider, cast(billed_amount as decimal(38, 12)) as amount
    from {{ ref('invoice_reconciliation') }}
    where billed_amount is not null
    union all
    select 'our cost' as side, provider, cast(our_cost as decimal(38, 12)) as amount from {{ ref('invoice_reconciliation') }}
    union all
    select 'tokens' as side, provider, cast(logged_tokens as decimal(38, 12)) as amount from {{ ref('invoice_reconciliation') }}
    union all
    select 'reported' as side, provider, cast(reported_tokens as decimal(38, 12)) as amount from {{ ref('invoice_reconciliation') }}

)

select side, provider, sum(amount) as difference
from (
    select side, provider, coalesce(amount, 0) as amount from sides
    union all
    select side, provider, -coalesce(amount, 0) as amount from shown
) as both_sides
group by side, provider
having sum(amount) <> 0
