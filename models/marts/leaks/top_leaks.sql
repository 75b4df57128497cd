-- Guarantees at most three rows per period and use case, numbered from the largest leak: what it took, of how much, and
-- the rework and delay that go with it. Periods are the 28 whole days before the run's own day, and all days
-- there are. A use case without leaks has no row.
with periods as (

    select
        'trailing_28_days' as period,
        {{ add_days(day_of(as_of()), -var('recent_days')) }} as period_start,
        {{ add_days(day_of(as_of()), '-1') }} as period_end

    union all

    select
        'all_time' as period,
        min(day) as period_start,
        max(day) as period_end
    from {{ ref('leaks_daily') }}

),

leak_days as (
{% for leak in leaks() %}
    select
        day,
        use_case,
        '{{ leak }}' as leak,
        {{ loop.index }} as waterfall_order,
        {{ leak }}_attempts as attempts,
        {{ leak }}_cost as leak_cost,
        {{ leak }}_gross_cost as gross_cost,
        {{ leak }}_rework_cost as rework_cost,
        {{ leak }}_delay_cost as delay_cost,
        inference_cost
    from {{ ref('leaks_daily') }}
    {{ 'union all' if not loop.last }}
{%- endfor %}
),

leak_periods as (

    select
        periods.period,
        periods.period_start,
        periods.period_end,
        leak_days.use_case,
        leak_days.leak,
        leak_days.waterfall_order,
        sum(leak_days.attempts) as attempts,
        sum(leak_days.leak_cost) as leak_cost,
        sum(leak_days.gross_cost) as gross_cost,
        sum(leak_days.rework_cost) as rework_cost,
        sum(leak_days.delay_cost) as delay_cost,
        sum(leak_days.inference_cost) as inference_cost
    from leak_days
    inner join periods on leak_days.day between periods.period_start and periods.period_end
    group by
        periods.period,
        periods.period_start,
        periods.period_end,
        leak_days.use_case,
        leak_days.leak,
        leak_days.waterfall_order

),

ranked_leaks as (

    select
        period,
        period_start,
        period_end,
        use_case,
        leak,
        attempts,
        leak_cost,
        gross_cost,
        rework_cost,
        delay_cost,
        inference_cost,
        row_number() over (partition by period, use_case order by leak_cost desc, waterfall_order asc) as leak_rank
    from leak_periods
    where leak_cost > 0

)

select
    period,
    use_case,
    cast(leak_rank as integer) as leak_rank,
    leak,
    period_start,
    period_end,
    cast(leak_cost as decimal(38, 12)) as leak_cost,
    {{ ratio('leak_cost', 'inference_cost') }} as share_of_inference_cost,
    cast(gross_cost as decimal(38, 12)) as gross_cost,
    cast(rework_cost as decimal(38, 12)) as rework_cost,
    cast(delay_cost as decimal(38, 12)) as delay_cost,
    cast(attempts as bigint) as attempts,
    cast(inference_cost as decimal(38, 12)) as inference_cost
from ranked_leaks
where leak_rank <= 3
