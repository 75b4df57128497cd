-- One row is one experiment and who pays for it.
select
    nullif(trim(experiment), '') as experiment,
    nullif(trim(owner), '') as owner,
    nullif(trim(use_case), '') as use_case,
    coalesce({{ reference_instant("nullif(trim(valid_from), '')") }}, {{ beginning_of_time() }}) as valid_from,
    coalesce({{ reference_instant("nullif(trim(valid_to), '')") }}, {{ end_of_time() }}) as valid_to
from {{ ref('experiments') }}
