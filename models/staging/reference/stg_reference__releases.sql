-- One row is one release whose cost and quality are judged.
select
    nullif(trim(release_id), '') as release_id,
    nullif(trim(use_case), '') as use_case,
    nullif(trim(lever), '') as lever,
    {{ reference_instant("nullif(trim(released_at), '')") }} as released_at,
    nullif(trim(decision_owner), '') as decision_owner,
    nullif(trim(rollback_plan), '') as rollback_plan,
    nullif(trim(watch_plan), '') as watch_plan,
    nullif(trim(impact_assessment), '') as impact_assessment,
    cast(nullif(trim(quality_margin), '') as double) as quality_margin,
    cast(nullif(trim(minimum_outcomes), '') as integer) as minimum_outcomes
from {{ ref('releases') }}
