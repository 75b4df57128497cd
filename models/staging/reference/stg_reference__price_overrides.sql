-- One row is one negotiated price, discount or uplift; an empty key column matches anything.
select
    nullif(trim(provider), '') as provider,
    nullif(trim(model), '') as model,
    nullif(trim(region), '') as region,
    nullif(trim(service_tier), '') as service_tier,
    nullif(trim(token_kind), '') as token_kind,
    coalesce(cast(nullif(trim(above_tokens), '') as bigint), 0) as above_tokens,
    cast(nullif(trim(price_per_million), '') as decimal(18, 9)) as price_per_million,
    coalesce(upper(nullif(trim(currency), '')), '{{ var("reporting_currency") }}') as currency,
    coalesce({{ reference_instant("nullif(trim(valid_from), '')") }}, {{ beginning_of_time() }}) as valid_from,
    coalesce({{ reference_instant("nullif(trim(valid_to), '')") }}, {{ end_of_time() }}) as valid_to,
    nullif(trim(source), '') as source,
    cast(nullif(trim(discount_share), '') as decimal(18, 9)) as discount_share,
    cast(nullif(trim(multiplier), '') as decimal(9, 6)) as multiplier,
    {{ price_window('hours_utc', 'weekdays') }} as price_window,
    coalesce({{ reference_instant("nullif(trim(known_from), '')") }}, {{ beginning_of_time() }}) as known_from
from {{ ref('price_overrides') }}
