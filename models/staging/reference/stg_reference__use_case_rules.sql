-- One row is one mapping rule from a gateway's attribute to a use case.
select
    cast(nullif(trim(priority), '') as integer) as priority,
    nullif(trim(source), '') as source,
    nullif(trim(field), '') as field,
    nullif(trim(pattern), '') as pattern,
    nullif(trim(use_case), '') as use_case
from {{ ref('use_case_rules') }}
