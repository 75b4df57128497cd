-- One row per day whose leaks a run computes again: the days to rebuild, as many days after them as a cache may keep an
-- answer, and the days of every attempt of a request that started then.
with days_in_reach as (

    select distinct {{ add_days('rebuild_days.day', 'numbers.number') }} as day
    from {{ source('control', 'rebuild_days') }} as rebuild_days
    inner join {{ ref('int_numbers') }} as numbers on numbers.number <= {{ cache_lifetime_days() }}

)

select day
from days_in_reach

union

select attempts.day
from {{ ref('attempts') }} as attempts
inner join {{ ref('int_requests') }} as requests
    on
        attempts.source = requests.source
        and attempts.request_id = requests.request_id
where
    requests.attempts > 1
    and requests.day in (select days_in_reach.day from days_in_reach)
