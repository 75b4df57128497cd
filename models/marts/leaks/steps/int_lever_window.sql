-- One row: the whole days before the day of the run that the scenarios are computed on, the days on which quality
-- is observed, and how many outcomes are an observation.
with assumptions as (

    select
        coalesce(max(case when parameter = 'window_days' then cast(value as integer) end), {{ var('recent_days') }})
            as window_days,
        coalesce(max(case when parameter = 'observation_days' then cast(value as integer) end), {{ var('quarter_days') }})
            as observation_days,
        coalesce(max(case when parameter = 'minimum_outcomes' then cast(value as integer) end), {{ var('lever_minimum_outcomes') }})
            as minimum_outcomes
    from {{ ref('stg_reference__lever_assumptions') }}
    where lever = 'all'

)

select
    {{ add_days(day_of(as_of()), '-window_days') }} as first_day,
    {{ add_days(day_of(as_of()), '-greatest(observation_days, window_days)') }} as first_observed_day,
    {{ add_days(day_of(as_of()), '-1') }} as last_day,
    window_days,
    minimum_outcomes
from assumptions
