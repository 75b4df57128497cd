{%- set weeks = var('forecast_weeks') -%}

-- Guarantees one row per owner, use case and day from the day after its first production spend up to the day of the
-- run, in every month with spend or a budget: what the last complete days say of the days that remain.
-- Level: the last seven days, which hold each weekday once. Shape of the week: the whole weeks among those before.
-- Spread: half the mean square successive difference of week totals (von Neumann), which a lasting change of level
-- enters once and not every week. One forecast beats the straight one because of it: forecast_backtest says where.
with daily_spend as (

    select
        day,
        owner,
        use_case,
        sum(inference_cost) as production_cost
    from {{ ref('int_spend_days') }}
    where experiment is null
    group by day, owner, use_case

),

spenders as (

    select
        owner,
        use_case,
        min(day) as first_day
    from daily_spend
    where production_cost > 0
    group by owner, use_case

),

months as (

    select cast(date_trunc('month', day) as date) as month
    from {{ ref('int_spend_days') }}

    union

    select month
    from {{ ref('stg_reference__budgets') }}

),

calendar as (

    select
        {{ add_days('months.month', 'numbers.number') }} as day,
        {{ add_days('months.month', days_in_month('months.month') ~ ' - 1') }} as last_day
    from months
    inner join {{ ref('int_numbers') }} as numbers on numbers.number < {{ days_in_month('months.month') }}

),

-- The day of the run is still going on: what is known ends the day before.
origins as (

    select
        calendar.day,
        calendar.last_day,
        spenders.owner,
        spenders.use_case,
        spenders.first_day,
        case
            when calendar.day < {{ day_of(as_of()) }} then calendar.day
            else {{ add_days('calendar.day', '-1') }}
        end as known_until
    from calendar
    inner join spenders on calendar.day > spenders.first_day
    where calendar.day <= {{ day_of(as_of()) }}

),

sized_origins as (

    select
        day,
        owner,
        use_case,
        known_until,
        {{ days_between('known_until', 'last_day') }} as remaining_days,
        {{ iso_weekday(add_days('known_until', '1')) }} as next_weekday,
        least({{ days_between('first_day', 'known_until') }} + 1, 7) as level_days,
        least(cast(floor(({{ days_between('first_day', 'known_until') }} + 1) / 7.0) as integer), {{ weeks }}) as whole_weeks
    from origins

),

-- Decimal up to here: a sum of doubles would depend on the order of the rows.
history as (

    select
        origins.day,
        origins.owner,
        origins.use_case,
        origins.known_until,
        origins.remaining_days,
        origins.next_weekday,
        origins.level_days,
        origins.whole_weeks
        {%- for week in range(weeks) %},
        sum(case when floor({{ days_between('spend.day', 'origins.known_until') }} / 7.0) = {{ week }}
            then spend.production_cost else 0 end) as week_{{ week }}
        {%- endfor %}
        {%- for weekday in range(1, 8) %},
        sum(case
            when {{ iso_weekday('spend.day') }} = {{ weekday }}
                and {{ days_between('spend.day', 'origins.known_until') }} < 7 * origins.whole_weeks
                then spend.production_cost
            else 0
        end) as weekday_{{ weekday }}
        {%- endfor %}
    from sized_origins as origins
    left join daily_spend as spend
        on
            origins.owner = spend.owner
            and origins.use_case = spend.use_case
            and spend.day <= origins.known_until
            and spend.day > {{ add_days('origins.known_until', -7 * weeks) }}
    group by
        origins.day,
        origins.owner,
        origins.use_case,
        origins.known_until,
        origins.remaining_days,
        origins.next_weekday,
        origins.level_days,
        origins.whole_weeks

),

patterns as (

    select
        day,
        owner,
        use_case,
        known_until,
        remaining_days,
        next_weekday,
        whole_weeks,
        cast(week_0 as double) / level_days * 7 as week_amount,
        {%- for weekday in range(1, 8) %}
        case
            when whole_weeks >= {{ var('forecast_minimum_weeks') }} and {% for other in range(1, 8) %}weekday_{{ other }}{{ ' + ' if not loop.last }}{% endfor %} > 0
                then cast(weekday_{{ weekday }} as double) / ({% for other in range(1, 8) %}weekday_{{ other }}{{ ' + ' if not loop.last }}{% endfor %})
            else 1 / 7.0e0
        end as share_{{ weekday }},
        {%- endfor %}
        case when whole_weeks >= 3 then sqrt((
            {%- for week in range(weeks - 1) %}
            case when whole_weeks > {{ week + 1 }} then power(cast(week_{{ week }} - week_{{ week + 1 }} as double), 2) else 0 end
            {{ '+' if not loop.last }}
            {%- endfor %}
        ) / (2.0e0 * (whole_weeks - 1))) end as week_deviation
    from history

)

select
    day,
    owner,
    use_case,
    known_until,
    cast(remaining_days as integer) as remaining_days,
    cast(next_weekday as integer) as next_weekday,
    cast(whole_weeks as integer) as whole_weeks,
    week_amount,
    {%- for weekday in range(1, 8) %}
    share_{{ weekday }},
    {%- endfor %}
    week_amount * ({{ weeks_of_days('remaining_days', 'next_weekday') }}) as remaining_amount,
    week_deviation,
    {{ sum_interval_half_width('week_deviation', 'whole_weeks', 'remaining_days') }} as remaining_half_width
from patterns
