-- How good the forecasts were
-- Average error, either way, of the forecasts of complete months by the day they were made on, beside a straight line.
select
    owner,
    use_case,
    avg(abs(weighted_error)) as average_error_share,
    avg(abs(straight_error)) as straight_error_share,
    avg(case when is_inside_interval then 1.0 when not is_inside_interval then 0.0 end) as inside_interval_share,
    count(*) as forecasts
from {{ ref('forecast_backtest') }}
group by owner, use_case
order by owner, use_case
