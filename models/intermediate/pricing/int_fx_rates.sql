-- One row per currency and half-open interval of days for which a published rate counts. Markets close at weekends, so
-- a rate stands until the next one, but for some days at most: after that the rate is unknown, not old.
with published_rates as (

    select
        currency,
        day as valid_from,
        rate,
        lead(day) over (partition by currency order by day) as next_day
    from {{ ref('stg_reference__fx_rates') }}
    where currency <> '{{ var("reporting_currency") }}'

)

select
    currency,
    rate,
    valid_from,
    least(coalesce(next_day, {{ add_days('valid_from', var('fx_rate_days') + 1) }}), {{ add_days('valid_from', var('fx_rate_days') + 1) }}) as valid_to
from published_rates

union all

select
    '{{ var("reporting_currency") }}' as currency,
    cast(1 as decimal(18, 9)) as rate,
    cast('1900-01-01' as date) as valid_from,
    cast('9999-01-01' as date) as valid_to
