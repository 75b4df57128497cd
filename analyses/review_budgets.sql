-- Budgets
-- Spent this month, what the month will cost by the weekdays so far (80 % interval), and whom to tell.
with latest as (

    select max(day) as day
    from {{ ref('owner_budget_burn') }}

)

select
    burn.owner,
    burn.use_case,
    burn.status,
    burn.spent_amount,
    burn.limit_amount,
    burn.share_of_limit,
    burn.expected_share,
    burn.weighted_forecast_amount as forecast_amount,
    burn.forecast_low_amount,
    burn.forecast_high_amount,
    burn.limit_reached_day,
    burn.escalate_to
from {{ ref('owner_budget_burn') }} as burn
inner join latest on burn.day = latest.day
order by burn.share_of_limit desc nulls last, burn.owner, burn.use_case
