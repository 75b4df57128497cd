-- One row is one name under which logs know a model.
select
    nullif(trim(provider), '') as provider,
    nullif(trim(alias), '') as alias,
    nullif(trim(model), '') as model
from {{ ref('model_aliases') }}
