-- One row is one name under which logs know a provider.
select
    nullif(trim(alias), '') as alias,
    nullif(trim(provider), '') as provider
from {{ ref('provider_aliases') }}
