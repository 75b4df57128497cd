-- One row is what an hour of a role costs over one half-open interval.
select
    nullif(trim(role), '') as role,
    cast(nullif(trim(hourly_rate), '') as decimal(18, 6)) as hourly_rate,
    coalesce(upper(nullif(trim(currency), '')), '{{ var("reporting_currency") }}') as currency,
    coalesce({{ reference_instant("nullif(trim(valid_from), '')") }}, {{ beginning_of_time() }}) as valid_from,
    coalesce({{ reference_instant("nullif(trim(valid_to), '')") }}, {{ end_of_time() }}) as valid_to
from {{ ref('role_rates') }}
