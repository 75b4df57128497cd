-- One row is one use case with what held for it from `valid_from` until `valid_to`.
select
    nullif(trim(use_case), '') as use_case,
    nullif(trim(owner), '') as owner,
    nullif(trim(function), '') as function,
    nullif(trim(criticality), '') as criticality,
    nullif(trim(task_class), '') as task_class,
    cast(nullif(trim(acceptance_window_days), '') as integer) as acceptance_window_days,
    cast(nullif(trim(quality_floor), '') as double) as quality_floor,
    cast(nullif(trim(context_limit_a), '') as integer) as context_limit_a,
    cast(nullif(trim(context_limit_b), '') as integer) as context_limit_b,
    cast(nullif(trim(context_limit_c), '') as integer) as context_limit_c,
    cast(nullif(trim(cache_lifetime_hours), '') as decimal(18, 6)) as cache_lifetime_hours,
    cast(nullif(trim(delay_cap_minutes), '') as decimal(18, 6)) as delay_cap_minutes,
    coalesce({{ reference_instant("nullif(trim(valid_from), '')") }}, {{ beginning_of_time() }}) as valid_from,
    coalesce({{ reference_instant("nullif(trim(valid_to), '')") }}, {{ end_of_time() }}) as valid_to
from {{ ref('use_cases') }}
