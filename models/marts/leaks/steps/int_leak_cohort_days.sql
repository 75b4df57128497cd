-- One row per day of the use-case marts whose leaks a run computes again: the days to rebuild, and the days that the
-- attempts whose leaks are computed again count for.
select day
from {{ source('control', 'rebuild_days') }}

union

select cohort_day as day
from {{ ref('int_attempt_parts') }}
where day in (select leak_days.day from {{ ref('int_leak_days') }} as leak_days)
