-- One row per day from the first to the last one that a use case has figures for: the time axis of the semantic layer.
with bounds as (

    select
        min(day) as first_day,
        {{ days_between('min(day)', 'max(day)') }} as last_offset
    from {{ ref('int_use_case_days') }}

),

-- 400 by 400 days are four centuries.
offsets as (

    select days.number + 400 * spans.number as day_offset
    from {{ ref('int_numbers') }} as days
    cross join {{ ref('int_numbers') }} as spans
    cross join bounds
    where
        400 * spans.number <= bounds.last_offset
        and days.number + 400 * spans.number <= bounds.last_offset

)

select {{ add_days('bounds.first_day', 'offsets.day_offset') }} as date_day
from offsets
cross join bounds
