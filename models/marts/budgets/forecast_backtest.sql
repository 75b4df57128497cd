-- Guarantees one row per complete month, owner, use case and day 5, 10, 15 or 20 of it: the forecasts made on that day
-- beside what the month cost in the end. Made from the rows that are known today, so a late file is in both.
with forecasts as (

    select
        burn.month,
        burn.owner,
        burn.use_case,
        burn.elapsed_days as forecast_day,
        burn.forecast_amount as straight_forecast_amount,
        burn.weighted_forecast_amount,
        burn.forecast_low_amount,
        burn.forecast_high_amount
    from {{ ref('owner_budget_burn') }} as burn
    -- Before the first spend of an owner nobody could have forecast anything.
    inner join {{ ref('int_budget_forecasts') }} as history
        on
            burn.day = history.day
            and burn.owner = history.owner
            and burn.use_case = history.use_case
    where burn.elapsed_days in ({{ var('forecast_test_days') | join(', ') }})

),

complete_months as (

    select
        month,
        owner,
        use_case,
        spent_amount
    from {{ ref('owner_budget_burn') }}
    where
        elapsed_days = days_in_month
        and day < {{ day_of(as_of()) }}
        and spent_amount > 0

),

errors as (

    select
        forecasts.month,
        forecasts.owner,
        forecasts.use_case,
        forecasts.forecast_day,
        complete_months.spent_amount,
        forecasts.straight_forecast_amount,
        forecasts.weighted_forecast_amount,
        forecasts.forecast_low_amount,
        forecasts.forecast_high_amount,
        {{ ratio(
            'forecasts.straight_forecast_amount - complete_months.spent_amount', 'complete_months.spent_amount'
        ) }} as straight_error,
        {{ ratio(
            'forecasts.weighted_forecast_amount - complete_months.spent_amount', 'complete_months.spent_amount'
        ) }} as weighted_error
    from forecasts
    inner join complete_months
        on
            forecasts.month = complete_months.month
            and forecasts.owner = complete_months.owner
            and forecasts.use_case = complete_months.use_case

)

select
    month,
    owner,
    use_case,
    cast(forecast_day as integer) as forecast_day,
    spent_amount as actual_amount,
    straight_forecast_amount,
    weighted_forecast_amount,
    forecast_low_amount,
    forecast_high_amount,
    straight_error,
    weighted_error,
    -- Equal to within a millionth of the month is a tie.
    case
        when abs(abs(weighted_error) - abs(straight_error)) < 0.000001 then 'same'
        when abs(weighted_error) < abs(straight_error) then 'better'
        else 'worse'
    end as against_straight,
    spent_amount between forecast_low_amount and forecast_high_amount as is_inside_interval
from errors
