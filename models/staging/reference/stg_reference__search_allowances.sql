-- One row is how a provider bills the web searches of a model over one half-open interval: by the search or by the
-- request that searched, beyond a pool of free ones per day or month that the models of the pool share.
select
    nullif(trim(pool), '') as pool,
    nullif(trim(provider), '') as provider,
    nullif(trim(model), '') as model,
    nullif(trim(billed_by), '') as billed_by,
    cast(nullif(trim(free_searches), '') as bigint) as free_searches,
    nullif(trim(period), '') as period,
    coalesce({{ reference_instant("nullif(trim(valid_from), '')") }}, {{ beginning_of_time() }}) as valid_from,
    coalesce({{ reference_instant("nullif(trim(valid_to), '')") }}, {{ end_of_time() }}) as valid_to
from {{ ref('search_allowances') }}
