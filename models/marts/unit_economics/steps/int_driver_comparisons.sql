{%- set days = var('recent_days') -%}

-- One row per comparison of two periods, all days included: the 28 whole days before the run's own day with the 28
-- before them, each month (the running one to date) with the month before, and each release with the 28 days before it:
-- as many of the 28 days that follow as are over. Periods before the first
-- day of data are left out. A release within a day is compared from the next day on.
with run as (

    select
        {{ day_of(as_of()) }} as run_day,
        (select min(day) from {{ ref('int_use_case_days') }}) as first_day

),

months as (

    select distinct cast(date_trunc('month', day) as date) as month
    from {{ ref('int_use_case_days') }}

),

releases as (

    select
        release_id,
        use_case,
        {{ day_of('released_at') }} as release_day,
        case
            when released_at = {{ start_of_day(day_of('released_at')) }} then {{ day_of('released_at') }}
            else {{ add_days(day_of('released_at'), '1') }}
        end as after_start
    from {{ ref('stg_reference__releases') }}

),

comparisons as (

    select
        'trailing_28_days' as comparison,
        cast(run_day as varchar) as label,
        cast(null as varchar) as only_use_case,
        {{ add_days('run_day', -2 * days) }} as before_start,
        {{ add_days('run_day', -days - 1) }} as before_end,
        {{ add_days('run_day', -days) }} as after_start,
        {{ add_days('run_day', '-1') }} as after_end
    from run

    union all

    select
        'month' as comparison,
        left(cast(months.month as varchar), 7) as label,
        cast(null as varchar) as only_use_case,
        cast(date_trunc('month', {{ add_days('months.month', '-1') }}) as date) as before_start,
        {{ add_days('months.month', '-1') }} as before_end,
        months.month as after_start,
        least(
            {{ add_days('months.month', days_in_month('months.month') ~ ' - 1') }}, {{ add_days('run.run_day', '-1') }}
        ) as after_end
    from months
    cross join run

    union all

    select
        'release' as comparison,
        releases.release_id as label,
        releases.use_case as only_use_case,
        {{ add_days('releases.release_day', -days) }} as before_start,
        {{ add_days('releases.release_day', '-1') }} as before_end,
        releases.after_start,
        least({{ add_days('releases.after_start', days - 1) }}, {{ add_days('run.run_day', '-1') }}) as after_end
    from releases
    cross join run

)

select
    comparisons.comparison,
    comparisons.label,
    comparisons.only_use_case,
    comparisons.before_start,
    comparisons.before_end,
    comparisons.after_start,
    comparisons.after_end
from comparisons
cross join run
where
    comparisons.after_start <= comparisons.after_end
    and comparisons.before_end >= run.first_day
