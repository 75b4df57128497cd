-- One row per use case that is declared at any time.
select distinct use_case
from {{ ref('stg_reference__use_cases') }}
