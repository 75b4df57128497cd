-- One row is one model of the price book with its tier.
select
    nullif(trim(provider), '') as provider,
    nullif(trim(model), '') as model,
    nullif(trim(tier), '') as tier,
    coalesce(lower(nullif(trim(is_reference), '')) in ('true', '1', 'yes'), false) as is_reference
from {{ ref('models') }}
