-- One row is what lateness costs a use case over one half-open interval.
select
    nullif(trim(use_case), '') as use_case,
    coalesce(cast(nullif(trim(per_minute), '') as decimal(18, 6)), 0) as per_minute,
    coalesce(cast(nullif(trim(per_breach), '') as decimal(18, 6)), 0) as per_breach,
    coalesce(upper(nullif(trim(currency), '')), '{{ var("reporting_currency") }}') as currency,
    coalesce({{ reference_instant("nullif(trim(valid_from), '')") }}, {{ beginning_of_time() }}) as valid_from,
    coalesce({{ reference_instant("nullif(trim(valid_to), '')") }}, {{ end_of_time() }}) as valid_to
from {{ ref('delay_rates') }}
