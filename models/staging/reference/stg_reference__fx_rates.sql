-- One row is what one unit of a currency was worth in the reporting currency on a day.
select
    cast(nullif(trim(day), '') as date) as day,
    coalesce(upper(nullif(trim(currency), '')), '{{ var("reporting_currency") }}') as currency,
    cast(nullif(trim(rate), '') as decimal(18, 9)) as rate
from {{ ref('fx_rates') }}
