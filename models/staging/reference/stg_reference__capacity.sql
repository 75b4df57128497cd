-- One row is the capacity that a deployment had over one half-open interval, paid by the hour whatever it serves.
select
    nullif(trim(deployment), '') as deployment,
    nullif(trim(provider), '') as provider,
    nullif(trim(model), '') as model,
    nullif(trim(kind), '') as kind,
    cast(nullif(trim(units), '') as decimal(18, 3)) as units,
    cast(nullif(trim(hourly_rate), '') as decimal(18, 6)) as hourly_rate,
    coalesce(upper(nullif(trim(currency), '')), '{{ var("reporting_currency") }}') as currency,
    cast(nullif(trim(tokens_per_hour), '') as bigint) as tokens_per_hour,
    coalesce({{ reference_instant("nullif(trim(valid_from), '')") }}, {{ beginning_of_time() }}) as valid_from,
    coalesce({{ reference_instant("nullif(trim(valid_to), '')") }}, {{ end_of_time() }}) as valid_to
from {{ ref('capacity') }}
