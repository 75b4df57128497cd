-- One row per use case with a budget in the window: what it would save to hold back production spend once the limit of
-- the month is reached. The outcomes that the spend would have served are held back with it, so a good outcome costs the
-- same: a budget saves work that is not done, not waste. Incurred basis, as budgets are.
with spent_days as (

    select
        day,
        owner,
        use_case,
        limit_amount,
        spent_amount,
        spent_amount - coalesce(
            lag(spent_amount) over (partition by owner, use_case, month order by day), 0
        ) as day_amount
    from {{ ref('owner_budget_burn') }}

),

window_sums as (

    select
        spent_days.use_case,
        max(case when spent_days.limit_amount is not null then 1 else 0 end) = 1 as has_budget,
        sum(spent_days.day_amount) as spent_amount,
        sum(least(
            spent_days.day_amount, greatest(spent_days.spent_amount - coalesce(spent_days.limit_amount, spent_days.spent_amount), 0)
        )) as over_amount
    from spent_days
    inner join {{ ref('int_lever_window') }} as lever_window
        on spent_days.day between lever_window.first_day and lever_window.last_day
    group by spent_days.use_case

),

held_shares as (

    select
        window_sums.use_case,
        window_sums.has_budget,
        window_sums.over_amount,
        cast(round(window_sums.over_amount * {{ share_factor('shares.value') }}, 12) as decimal(38, 12)) as held_amount,
        cast(shares.value as double) * {{ ratio('window_sums.over_amount', 'window_sums.spent_amount') }} as held_share,
        shares.value as share
    from window_sums
    inner join {{ ref('int_lever_parameters') }} as shares
        on {{ assumption_applies('shares', 'budgets', 'share', 'window_sums.use_case') }}

),

use_case_sums as (

    select
        days.use_case,
        sum(days.attempts) as attempts,
        sum(days.outcomes) as outcomes,
        sum(days.accepted_outcomes) as accepted_outcomes,
        sum(days.rework_cost) as rework_cost,
        sum(days.delay_cost) as delay_cost
    from {{ ref('int_use_case_days') }} as days
    inner join {{ ref('int_lever_window') }} as lever_window
        on days.day between lever_window.first_day and lever_window.last_day
    group by days.use_case

)

select
    'budgets' as lever,
    held_shares.use_case,
    cast(round(coalesce(use_case_sums.attempts * held_shares.held_share, 0)) as bigint) as affected_attempts,
    cast(round(coalesce(use_case_sums.outcomes * held_shares.held_share, 0)) as bigint) as affected_outcomes,
    held_shares.held_amount as inference_saved,
    cast(coalesce(cast(use_case_sums.rework_cost as double) * held_shares.held_share, 0) as decimal(38, 12))
        as rework_saved,
    cast(coalesce(cast(use_case_sums.delay_cost as double) * held_shares.held_share, 0) as decimal(38, 12))
        as delay_saved,
    cast(coalesce(-use_case_sums.accepted_outcomes * held_shares.held_share, 0) as decimal(38, 12)) as accepted_change,
    case
        when not held_shares.has_budget then 'none'
        when held_shares.over_amount = 0 then 'nothing_to_change'
        else 'assumed'
    end as basis,
    case
        when not held_shares.has_budget then 'No budget is declared for this use case in the window.'
        when held_shares.over_amount = 0 then 'Spend stayed within the limit of every month of the window.'
        else
            {{ percent_words('held_shares.share') }} || ' of ' || {{ money_words('held_shares.over_amount') }}
            || ' spent above the monthly limit is held back, with the same share of outcomes, rework and delay ('
            || {{ percent_words('held_shares.held_share') }} || '): work that is not done, not waste that is cut.'
    end as assumption
from held_shares
left join use_case_sums on held_shares.use_case = use_case_sums.use_case
