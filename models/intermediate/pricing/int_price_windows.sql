-- Guarantees, for each part of the week that a price is bound to, its half-open minutes since Monday 00:00 UTC, without
-- overlaps. A window that crosses midnight belongs to the weekday on which it begins; '' is the whole week.
with windows as (

    select price_window from {{ ref('int_rates') }}
    union
    select '' as price_window

),

window_times as (

    select
        price_window,
        cast(substr(price_window, 1, 2) as integer) * 60 + cast(substr(price_window, 4, 2) as integer) as start_minute,
        cast(substr(price_window, 7, 2) as integer) * 60 + cast(substr(price_window, 10, 2) as integer) as end_minute,
        cast(substr(price_window, 13, 1) as integer) as first_weekday,
        cast({{ after_last("substr(price_window, 13)", '-') }} as integer) as last_weekday
    from windows
    where price_window <> ''

),

window_days as (

    select
        window_times.price_window,
        (numbers.number - 1) * 1440 + window_times.start_minute as from_minute,
        (numbers.number - 1) * 1440 + window_times.end_minute
            + case when window_times.end_minute <= window_times.start_minute then 1440 else 0 end as to_minute
    from window_times
    inner join {{ ref('int_numbers') }} as numbers
        on numbers.number between window_times.first_weekday and window_times.last_weekday

)

select
    price_window,
    from_minute,
    least(to_minute, 10080) as to_minute
from window_days

union all

-- What reaches into Monday is the beginning of the week.
select
    price_window,
    0 as from_minute,
    to_minute - 10080 as to_minute
from window_days
where to_minute > 10080

union all

select
    '' as price_window,
    0 as from_minute,
    10080 as to_minute
