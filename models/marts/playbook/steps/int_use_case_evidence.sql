{%- set first_day = add_days(day_of(as_of()), -var('recent_days')) -%}
{%- set last_day = add_days(day_of(as_of()), '-1') -%}

-- One row per use case that is declared as of the run: what the warehouse knows about how it is managed. Figures are of
-- the recent whole days before the run's own; a use case without traffic in them has zeros and null shares.
with use_cases as (

    select
        use_case,
        owner,
        function,
        criticality,
        context_limit_a is not null or context_limit_b is not null or context_limit_c is not null as has_context_limits
    from {{ ref('stg_reference__use_cases') }}
    where
        valid_from <= {{ as_of() }}
        and valid_to > {{ as_of() }}

),

history as (

    select
        use_case,
        min(day) as first_day,
        cast(sum(case when outcomes > 0 then 1 else 0 end) as bigint) as days_with_outcomes
    from {{ ref('int_use_case_days') }}
    where day <= {{ last_day }}
    group by use_case

),

judged_outcomes as (

    select
        use_case,
        count(*) as outcomes,
        sum(case when latest_decision is not null or tickets > 0 then 1 else 0 end) as judged_outcomes
    from {{ ref('outcomes') }}
    where
        is_complete
        and day between {{ first_day }} and {{ last_day }}
    group by use_case

),

traffic as (

    select
        use_case,
        count(*) as attempts,
        sum(case when cost is null then 1 else 0 end) as unpriced_attempts,
        sum(case when input_valid is not null then 1 else 0 end) as validated_attempts
    from {{ ref('attempts') }}
    where day between {{ first_day }} and {{ last_day }}
    group by use_case

),

leaks as (

    select
        use_case,
        sum(inference_cost) as inference_cost,
        sum(no_segmentation_cost) as no_segmentation_cost,
        sum(excess_context_cost) as excess_context_cost,
        sum(unpriced_attempts + unvalued_attempts) as unknown_attempts,
        sum(attempts) as leak_attempts
    from {{ ref('leaks_daily') }}
    where day between {{ first_day }} and {{ last_day }}
    group by use_case

),

budget_changes as (

    select
        owner,
        use_case,
        max(case when month = cast(date_trunc('month', {{ day_of(as_of()) }}) as date) then 1 else 0 end) = 1
            as has_budget,
        max(case
            when
                month = cast(date_trunc('month', {{ day_of(as_of()) }}) as date)
                and (premium_limit_share is not null or throttle_share is not null)
                then 1
            else 0
        end) = 1 as has_automatic_limits,
        count(distinct case
            when month >= {{ add_days(day_of(as_of()), -var('budget_change_days')) }} then limit_amount
        end) > 1 as was_budget_changed
    from {{ ref('stg_reference__budgets') }}
    where
        kind = 'production'
        and effective_at <= {{ as_of() }}
    group by owner, use_case

),

forecasts as (

    select
        owner,
        use_case,
        max(weighted_forecast_amount) as forecast_amount
    from {{ ref('owner_budget_burn') }}
    where day = {{ day_of(as_of()) }}
    group by owner, use_case

),

tested_forecasts as (

    select
        owner,
        use_case,
        count(*) as tested_forecasts,
        -- Summed as decimals: a sum of doubles has another last digit in another order.
        cast(sum(cast(abs(weighted_error) as decimal(38, 12))) as double) / nullif(count(weighted_error), 0)
            as average_error
    from {{ ref('forecast_backtest') }}
    group by owner, use_case

)

select
    use_cases.use_case,
    use_cases.owner,
    use_cases.function,
    use_cases.criticality,
    use_cases.has_context_limits,
    history.first_day,
    cast(coalesce(history.days_with_outcomes, 0) as bigint) as days_with_outcomes,
    cast(coalesce(judged_outcomes.outcomes, 0) as bigint) as outcomes,
    cast(coalesce(judged_outcomes.judged_outcomes, 0) as bigint) as judged_outcomes,
    cast(coalesce(traffic.attempts, 0) as bigint) as attempts,
    1 - {{ ratio('traffic.unpriced_attempts', 'traffic.attempts') }} as priced_share,
    {{ ratio('traffic.validated_attempts', 'traffic.attempts') }} as validated_share,
    {{ ratio('leaks.no_segmentation_cost', 'leaks.inference_cost') }} as no_segmentation_share,
    {{ ratio('leaks.excess_context_cost', 'leaks.inference_cost') }} as excess_context_share,
    {{ ratio('leaks.unknown_attempts', 'leaks.leak_attempts') }} as unknown_leak_share,
    coalesce(budget_changes.has_budget, false) as has_budget,
    coalesce(budget_changes.has_automatic_limits, false) as has_automatic_limits,
    coalesce(budget_changes.was_budget_changed, false) as was_budget_changed,
    forecasts.forecast_amount,
    cast(coalesce(tested_forecasts.tested_forecasts, 0) as bigint) as tested_forecasts,
    tested_forecasts.average_error as average_forecast_error
from use_cases
left join history on use_cases.use_case = history.use_case
left join judged_outcomes on use_cases.use_case = judged_outcomes.use_case
left join traffic on use_cases.use_case = traffic.use_case
left join leaks on use_cases.use_case = leaks.use_case
left join budget_changes
    on
        use_cases.use_case = budget_changes.use_case
        and use_cases.owner = budget_changes.owner
left join forecasts
    on
        use_cases.use_case = forecasts.use_case
        and use_cases.owner = forecasts.owner
left join tested_forecasts
    on
        use_cases.use_case = tested_forecasts.use_case
        and use_cases.owner = tested_forecasts.owner
