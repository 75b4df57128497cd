-- Guarantees one row per day, owner and use case of every month with spend or a budget, up to the day of the run:
-- inference spent since the first of the month (incurred basis; experiments apart), against the budget revision in
-- force at the end of that day. Rework and delay are no part of a budget (DECISIONS.md, "Budgets").
with daily_spend as (

    select
        day,
        cast(date_trunc('month', day) as date) as month,
        owner,
        use_case,
        sum(case when experiment is null then inference_cost else 0 end) as production_cost,
        sum(case when experiment is null and tier = 'premium' then inference_cost else 0 end) as premium_cost,
        sum(case when experiment is not null then inference_cost else 0 end) as experiment_cost,
        sum(unpriced_attempts) as unpriced_attempts
    from {{ ref('int_spend_days') }}
    group by day, owner, use_case

),

first_month as (

    select min(month) as month
    from daily_spend

),

budgeted_months as (

    select
        month,
        owner,
        use_case
    from daily_spend

    union

    select
        budgets.month,
        budgets.owner,
        budgets.use_case
    from {{ ref('stg_reference__budgets') }} as budgets
    cross join first_month
    where budgets.month >= first_month.month

),

budget_days as (

    select
        {{ add_days('budgeted_months.month', 'numbers.number') }} as day,
        budgeted_months.month,
        budgeted_months.owner,
        budgeted_months.use_case,
        {{ iso_weekday(add_days('budgeted_months.month', 'numbers.number')) }} as weekday,
        numbers.number + 1 as elapsed_days,
        {{ days_in_month('budgeted_months.month') }} as days_in_month
    from budgeted_months
    inner join {{ ref('int_numbers') }} as numbers on numbers.number < {{ days_in_month('budgeted_months.month') }}

),

-- How an owner's spend is spread over the week, from the weeks before the month. With too few of them every day weighs
-- the same.
weekday_weights as (

    select
        budgeted_months.month,
        budgeted_months.owner,
        budgeted_months.use_case,
        {{ iso_weekday('daily_spend.day') }} as weekday,
        sum(daily_spend.production_cost) as weight,
        min(daily_spend.day) as first_day
    from budgeted_months
    inner join daily_spend
        on
            budgeted_months.owner = daily_spend.owner
            and budgeted_months.use_case = daily_spend.use_case
            and daily_spend.day >= {{ add_days('budgeted_months.month', -7 * var('forecast_weeks')) }}
            and daily_spend.day < budgeted_months.month
    group by
        budgeted_months.month,
        budgeted_months.owner,
        budgeted_months.use_case,
        {{ iso_weekday('daily_spend.day') }}

),

weighted_months as (

    select
        month,
        owner,
        use_case
    from weekday_weights
    group by month, owner, use_case
    having
        min(first_day) <= {{ add_days('month', -7 * var('forecast_minimum_weeks')) }}
        and sum(weight) > 0

),

spent_days as (

    select
        budget_days.day,
        budget_days.month,
        budget_days.owner,
        budget_days.use_case,
        budget_days.elapsed_days,
        budget_days.days_in_month,
        sum(coalesce(daily_spend.production_cost, 0)) over month_to_date as spent_amount,
        sum(coalesce(daily_spend.premium_cost, 0)) over month_to_date as premium_spent_amount,
        sum(coalesce(daily_spend.experiment_cost, 0)) over month_to_date as experiment_spent_amount,
        sum(coalesce(daily_spend.unpriced_attempts, 0)) over month_to_date as unpriced_attempts,
        sum(case
            when weighted_months.month is null then 1 else coalesce(weekday_weights.weight, 0)
        end) over month_to_date as elapsed_weight,
        sum(case
            when weighted_months.month is null then 1 else coalesce(weekday_weights.weight, 0)
        end) over whole_month as month_weight
    from budget_days
    left join daily_spend
        on
            budget_days.day = daily_spend.day
            and budget_days.owner = daily_spend.owner
            and budget_days.use_case = daily_spend.use_case
    left join weighted_months
        on
            budget_days.month = weighted_months.month
            and budget_days.owner = weighted_months.owner
            and budget_days.use_case = weighted_months.use_case
    left join weekday_weights
        on
            budget_days.month = weekday_weights.month
            and budget_days.owner = weekday_weights.owner
            and budget_days.use_case = weekday_weights.use_case
            and budget_days.weekday = weekday_weights.weekday
    window
        whole_month as (partition by budget_days.month, budget_days.owner, budget_days.use_case),
        month_to_date as (
            partition by budget_days.month, budget_days.owner, budget_days.use_case
            order by budget_days.day
            rows between unbounded preceding and current row
        )

),

budgets as (

    select
        budgets.owner,
        budgets.use_case,
        budgets.month,
        budgets.kind,
        budgets.revision,
        coalesce(budgets.effective_at, {{ beginning_of_time() }}) as effective_at,
        coalesce(
            lead(budgets.effective_at) over (
                partition by budgets.owner, budgets.use_case, budgets.month, budgets.kind
                order by budgets.revision
            ),
            {{ end_of_time() }}
        ) as replaced_at,
        {{ converted('budgets.limit_amount', 'fx.rate') }} as limit_amount,
        coalesce(budgets.soft_share, 1) as soft_share,
        coalesce(budgets.hard_share, 1) as hard_share,
        budgets.premium_limit_share,
        budgets.throttle_share
    from {{ ref('stg_reference__budgets') }} as budgets
    left join {{ ref('int_fx_rates') }} as fx
        on
            budgets.currency = fx.currency
            and budgets.month >= fx.valid_from
            and budgets.month < fx.valid_to

),

burn as (

    select
        spent_days.day,
        spent_days.month,
        spent_days.owner,
        spent_days.use_case,
        spent_days.elapsed_days,
        spent_days.days_in_month,
        spent_days.spent_amount,
        spent_days.premium_spent_amount,
        spent_days.experiment_spent_amount,
        spent_days.unpriced_attempts,
        production.revision as budget_revision,
        production.limit_amount,
        production.soft_share,
        production.hard_share,
        production.limit_amount * production.premium_limit_share as premium_limit_amount,
        experiment.limit_amount as experiment_limit_amount,
        experiment.revision as experiment_revision,
        experiment.limit_amount * experiment.soft_share as experiment_soft_amount,
        production.throttle_share,
        {{ ratio('spent_days.spent_amount', 'production.limit_amount') }} as share_of_limit,
        {{ ratio('spent_days.elapsed_weight', 'spent_days.month_weight') }} as expected_share,
        cast(spent_days.spent_amount as double) / spent_days.elapsed_days * spent_days.days_in_month as forecast_amount
    from spent_days
    left join budgets as production
        on
            spent_days.owner = production.owner
            and spent_days.use_case = production.use_case
            and spent_days.month = production.month
            and production.kind = 'production'
            and {{ start_of_day(add_days('spent_days.day', '1')) }} > production.effective_at
            and {{ start_of_day(add_days('spent_days.day', '1')) }} <= production.replaced_at
    left join budgets as experiment
        on
            spent_days.owner = experiment.owner
            and spent_days.use_case = experiment.use_case
            and spent_days.month = experiment.month
            and experiment.kind = 'experiment'
            and {{ start_of_day(add_days('spent_days.day', '1')) }} > experiment.effective_at
            and {{ start_of_day(add_days('spent_days.day', '1')) }} <= experiment.replaced_at
    where spent_days.day <= {{ day_of(as_of()) }}

),

judged_burn as (

    select
        day,
        month,
        owner,
        use_case,
        budget_revision,
        elapsed_days,
        days_in_month,
        spent_amount,
        premium_spent_amount,
        experiment_spent_amount,
        unpriced_attempts,
        limit_amount,
        premium_limit_amount,
        experiment_limit_amount,
        share_of_limit,
        expected_share,
        forecast_amount,
        experiment_revision,
        throttle_share,
        case
            when limit_amount is null then 'no_budget'
            when spent_amount >= limit_amount then 'exhausted'
            when spent_amount >= limit_amount * hard_share then 'hard'
            when spent_amount >= limit_amount * soft_share then 'soft'
            else 'ok'
        end as status,
        case
            when premium_limit_amount is null then 'no_limit'
            when premium_spent_amount >= premium_limit_amount then 'exhausted'
            when premium_spent_amount >= premium_limit_amount * soft_share then 'soft'
            else 'ok'
        end as premium_status,
        case
            when experiment_limit_amount is null then 'no_budget'
            when experiment_spent_amount >= experiment_limit_amount then 'exhausted'
            when experiment_spent_amount >= experiment_soft_amount then 'soft'
            else 'ok'
        end as experiment_status
    from burn

),

-- The straight forecast stands in where there is no history before the day.
forecasts as (

    select
        judged_burn.day,
        judged_burn.owner,
        judged_burn.use_case,
        -- Some databases leave nulls out of greatest(): an unknown forecast would become what is spent already.
        case when forecasts.remaining_amount is not null then greatest(
            coalesce(known.spent_amount, 0) + forecasts.remaining_amount, judged_burn.spent_amount
        ) end as weighted_forecast_amount,
        case when forecasts.remaining_half_width is not null then greatest(
            coalesce(known.spent_amount, 0) + forecasts.remaining_amount - forecasts.remaining_half_width,
            judged_burn.spent_amount
        ) end as forecast_low_amount,
        case when forecasts.remaining_half_width is not null then greatest(
            coalesce(known.spent_amount, 0) + forecasts.remaining_amount + forecasts.remaining_half_width,
            judged_burn.spent_amount
        ) end as forecast_high_amount,
        coalesce(known.spent_amount, 0) as known_amount,
        forecasts.known_until,
        forecasts.remaining_days,
        forecasts.next_weekday,
        forecasts.week_amount
        {%- for weekday in range(1, 8) %},
        forecasts.share_{{ weekday }}
        {%- endfor %}
    from judged_burn
    left join {{ ref('int_budget_forecasts') }} as forecasts
        on
            judged_burn.day = forecasts.day
            and judged_burn.owner = forecasts.owner
            and judged_burn.use_case = forecasts.use_case
    left join spent_days as known
        on
            judged_burn.month = known.month
            and judged_burn.owner = known.owner
            and judged_burn.use_case = known.use_case
            and forecasts.known_until = known.day

),

days_over_limit as (

    select
        judged_burn.day,
        judged_burn.owner,
        judged_burn.use_case,
        min(earlier.day) as limit_reached_day
    from judged_burn
    inner join spent_days as earlier
        on
            judged_burn.month = earlier.month
            and judged_burn.owner = earlier.owner
            and judged_burn.use_case = earlier.use_case
            and judged_burn.day >= earlier.day
            and judged_burn.limit_amount <= earlier.spent_amount
    group by judged_burn.day, judged_burn.owner, judged_burn.use_case

),

expected_days_over_limit as (

    select
        judged_burn.day,
        judged_burn.owner,
        judged_burn.use_case,
        min({{ add_days('forecasts.known_until', 'numbers.number') }}) as limit_reached_day
    from judged_burn
    inner join forecasts
        on
            judged_burn.day = forecasts.day
            and judged_burn.owner = forecasts.owner
            and judged_burn.use_case = forecasts.use_case
    inner join {{ ref('int_numbers') }} as numbers
        on
            numbers.number between 1 and forecasts.remaining_days
            and judged_burn.limit_amount
            <= forecasts.known_amount
            + forecasts.week_amount * ({{ weeks_of_days('numbers.number', 'forecasts.next_weekday') }})
    where judged_burn.spent_amount < judged_burn.limit_amount
    group by judged_burn.day, judged_burn.owner, judged_burn.use_case

)

select
    judged_burn.day,
    judged_burn.owner,
    judged_burn.use_case,
    judged_burn.month,
    judged_burn.budget_revision,
    cast(judged_burn.limit_amount as decimal(38, 12)) as limit_amount,
    cast(judged_burn.spent_amount as decimal(38, 12)) as spent_amount,
    judged_burn.share_of_limit,
    judged_burn.expected_share,
    judged_burn.forecast_amount,
    {{ ratio('judged_burn.forecast_amount', 'judged_burn.limit_amount') }} as forecast_share,
    cast(judged_burn.premium_spent_amount as decimal(38, 12)) as premium_spent_amount,
    cast(judged_burn.premium_limit_amount as decimal(38, 12)) as premium_limit_amount,
    cast(judged_burn.experiment_spent_amount as decimal(38, 12)) as experiment_spent_amount,
    cast(judged_burn.experiment_limit_amount as decimal(38, 12)) as experiment_limit_amount,
    cast(judged_burn.unpriced_attempts as bigint) as unpriced_attempts,
    cast(judged_burn.elapsed_days as integer) as elapsed_days,
    cast(judged_burn.days_in_month as integer) as days_in_month,
    judged_burn.status,
    case judged_burn.status
        when 'soft' then 1
        when 'hard' then 2
        when 'exhausted' then 2
        else 0
    end as escalation_step,
    case judged_burn.status
        when 'soft' then owners.escalation_1
        when 'hard' then owners.escalation_2
        when 'exhausted' then owners.escalation_2
    end as escalate_to,
    cast(coalesce(forecasts.weighted_forecast_amount, judged_burn.forecast_amount) as double)
        as weighted_forecast_amount,
    cast(forecasts.forecast_low_amount as double) as forecast_low_amount,
    cast(forecasts.forecast_high_amount as double) as forecast_high_amount,
    {{ ratio(
        'coalesce(forecasts.weighted_forecast_amount, judged_burn.forecast_amount)', 'judged_burn.limit_amount'
    ) }} as weighted_forecast_share,
    coalesce(
        days_over_limit.limit_reached_day,
        expected_days_over_limit.limit_reached_day
    ) as limit_reached_day,
    judged_burn.premium_status,
    judged_burn.experiment_status,
    judged_burn.experiment_revision,
    cast(judged_burn.throttle_share as double) as throttle_share
from judged_burn
inner join forecasts
    on
        judged_burn.day = forecasts.day
        and judged_burn.owner = forecasts.owner
        and judged_burn.use_case = forecasts.use_case
left join days_over_limit
    on
        judged_burn.day = days_over_limit.day
        and judged_burn.owner = days_over_limit.owner
        and judged_burn.use_case = days_over_limit.use_case
left join expected_days_over_limit
    on
        judged_burn.day = expected_days_over_limit.day
        and judged_burn.owner = expected_days_over_limit.owner
        and judged_burn.use_case = expected_days_over_limit.use_case
left join {{ ref('stg_reference__owners') }} as owners on judged_burn.owner = owners.owner
