-- One row is one list price of the second book, with columns as in the first: one token kind over one half-open interval,
-- in one part of the week, as known from an instant on.
select
    nullif(trim(provider), '') as provider,
    nullif(trim(model), '') as model,
    coalesce(trim(region), '') as region,
    coalesce(nullif(trim(service_tier), ''), 'standard') as service_tier,
    nullif(trim(token_kind), '') as token_kind,
    coalesce(cast(nullif(trim(above_tokens), '') as bigint), 0) as above_tokens,
    cast(nullif(trim(price_per_million), '') as decimal(18, 9)) as price_per_million,
    coalesce(upper(nullif(trim(currency), '')), '{{ var("reporting_currency") }}') as currency,
    coalesce({{ reference_instant("nullif(trim(valid_from), '')") }}, {{ beginning_of_time() }}) as valid_from,
    coalesce({{ reference_instant("nullif(trim(valid_to), '')") }}, {{ end_of_time() }}) as valid_to,
    nullif(trim(source), '') as source,
    coalesce({{ price_window('hours_utc', 'weekdays') }}, '') as price_window,
    coalesce({{ reference_instant("nullif(trim(known_from), '')") }}, {{ beginning_of_time() }}) as known_from
from {{ ref('second_prices') }}
