-- Guarantees one row per cost that no log has and day of its period that has begun: what falls to the day, in the cost's
-- currency and in the reporting currency at the day's rate (null without one). The days of a whole period add up to its
-- amount exactly: all are equal but the last, which takes the rounding rest. A cost is what its latest state says; states
-- without `updated_at` come before those with one and follow the names of their files, as statements do.
with states as (

    select
        costs.source,
        costs.cost_id,
        costs.period_start,
        costs.period_end,
        costs.amount,
        costs.currency,
        costs.logged_provider,
        costs.category,
        costs.logged_use_case,
        costs.rule,
        costs.file_sha256,
        costs.file_row_no,
        row_number() over (
            partition by costs.source, costs.cost_id
            order by
                costs.updated_at desc nulls last,
                files.first_name desc,
                files.load_id desc,
                costs.file_row_no desc
        ) as recency
    from {{ ref('stg_native__costs') }} as costs
    left join {{ source('ledger', 'load_files') }} as files
        on
            costs.source = files.source
            and costs.file_sha256 = files.file_sha256
    where costs.updated_at is null or costs.updated_at <= {{ as_of() }}

),

periods as (

    select
        source,
        cost_id,
        {{ day_of('period_start') }} as first_day,
        {{ day_of(add_microseconds('period_end', -1)) }} as last_day,
        amount,
        currency,
        logged_provider,
        category,
        logged_use_case,
        rule,
        file_sha256,
        file_row_no
    from states
    where recency = 1

),

divided_periods as (

    select
        source,
        cost_id,
        first_day,
        last_day,
        amount,
        {{ exact_quotient([['amount', 12]], days_between('first_day', 'last_day') ~ ' + 1') }} as equal_part,
        currency,
        logged_provider,
        category,
        logged_use_case,
        rule,
        file_sha256,
        file_row_no
    from periods
    where first_day <= {{ day_of(as_of()) }}

),

cost_days as (

    select
        days.day,
        divided_periods.source,
        divided_periods.cost_id,
        cast(
            case
                when days.day < divided_periods.last_day then divided_periods.equal_part
                else divided_periods.amount
                    - divided_periods.equal_part * {{ days_between('divided_periods.first_day', 'days.day') }}
            end as decimal(38, 12)
        ) as amount,
        divided_periods.currency,
        divided_periods.logged_provider,
        divided_periods.category,
        divided_periods.logged_use_case,
        divided_periods.rule,
        divided_periods.file_sha256,
        divided_periods.file_row_no
    from divided_periods
    cross join {{ days_from_to(
        'divided_periods.first_day', 'least(divided_periods.last_day, ' ~ day_of(as_of()) ~ ')', 'days'
    ) }}

)

select
    cost_days.day,
    cost_days.source,
    cost_days.cost_id,
    cost_days.amount,
    cost_days.currency,
    {{ converted('cost_days.amount', 'fx.rate') }} as reporting_amount,
    cost_days.logged_provider,
    cost_days.category,
    cost_days.logged_use_case,
    cost_days.rule,
    cost_days.file_sha256,
    cost_days.file_row_no
from cost_days
left join {{ ref('int_fx_rates') }} as fx
    on
        cost_days.currency = fx.currency
        and cost_days.day >= fx.valid_from
        and cost_days.day < fx.valid_to
