-- One row is the cost objective of a criticality class over one half-open interval.
select
    nullif(trim(criticality), '') as criticality,
    cast(nullif(trim(target_cost_per_accepted_outcome), '') as decimal(38, 12)) as target_cost_per_accepted_outcome,
    cast(nullif(trim(quality_floor), '') as double) as quality_floor,
    cast(nullif(trim(objective_share), '') as double) as objective_share,
    coalesce({{ reference_instant("nullif(trim(valid_from), '')") }}, {{ beginning_of_time() }}) as valid_from,
    coalesce({{ reference_instant("nullif(trim(valid_to), '')") }}, {{ end_of_time() }}) as valid_to
from {{ ref('cost_slos') }}
