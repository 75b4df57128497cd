-- One row is what an attribute of a call does to its price over one half-open interval: a factor, or another tier of the
-- book. Without a model it is about all of the provider, without a value about all that no other row names.
select
    nullif(trim(provider), '') as provider,
    nullif(trim(model), '') as model,
    lower(nullif(trim(attribute), '')) as attribute,
    lower(nullif(trim(value), '')) as value,
    cast(nullif(trim(multiplier), '') as decimal(9, 6)) as multiplier,
    nullif(trim(price_list), '') as price_list,
    coalesce({{ reference_instant("nullif(trim(valid_from), '')") }}, {{ beginning_of_time() }}) as valid_from,
    coalesce({{ reference_instant("nullif(trim(valid_to), '')") }}, {{ end_of_time() }}) as valid_to,
    nullif(trim(source), '') as source
from {{ ref('price_modifiers') }}
