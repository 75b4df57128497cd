-- Guarantees one row per owner and use case with a production budget for the next month, or for this one where the next
-- has none: a proposal that moves money from budgets that will not need it to those that will run past their soft
-- threshold, where one unit bought more accepted outcomes in the last 13 weeks. The changes sum to exactly zero.
-- Bounds: at most a fifth of a limit each way, nothing from a critical use case, nothing to one below its quality floor.
with next_month as (

    select
        cast(date_trunc('month', {{ day_of(as_of()) }}) as date) as this_month,
        {{ add_days(
            "cast(date_trunc('month', " ~ day_of(as_of()) ~ ") as date)",
            days_in_month("cast(date_trunc('month', " ~ day_of(as_of()) ~ ") as date)")
        ) }} as month

),

revisions as (

    select
        budgets.owner,
        budgets.use_case,
        budgets.month,
        budgets.revision,
        coalesce(budgets.soft_share, 1) as soft_share,
        {{ converted('budgets.limit_amount', 'fx.rate') }} as limit_amount,
        row_number() over (
            partition by budgets.owner, budgets.use_case
            order by budgets.month desc, budgets.revision desc
        ) as newest_first
    from {{ ref('stg_reference__budgets') }} as budgets
    cross join next_month
    inner join {{ ref('int_fx_rates') }} as fx
        on
            budgets.currency = fx.currency
            and least(budgets.month, {{ day_of(as_of()) }}) >= fx.valid_from
            and least(budgets.month, {{ day_of(as_of()) }}) < fx.valid_to
    where
        budgets.kind = 'production'
        and budgets.month in (next_month.this_month, next_month.month)

),

declared_use_cases as (

    select
        use_cases.use_case,
        use_cases.owner,
        use_cases.criticality,
        use_cases.quality_floor
    from {{ ref('stg_reference__use_cases') }} as use_cases
    cross join next_month
    where
        use_cases.valid_from <= {{ start_of_day('next_month.month') }}
        and use_cases.valid_to > {{ start_of_day('next_month.month') }}

),

budgets as (

    select
        revisions.owner,
        revisions.use_case,
        next_month.month,
        revisions.revision,
        revisions.soft_share,
        revisions.limit_amount,
        declared_use_cases.criticality,
        declared_use_cases.quality_floor,
        {{ days_in_month('next_month.month') }} / 7.0e0 as weeks
    from revisions
    cross join next_month
    inner join declared_use_cases
        on
            revisions.use_case = declared_use_cases.use_case
            and revisions.owner = declared_use_cases.owner
    where revisions.newest_first = 1

),

bought as (

    select
        use_case,
        sum(total_cost) as total_cost,
        sum(accepted_outcomes) as accepted_outcomes,
        sum(outcomes) as outcomes
    from {{ ref('use_case_daily') }}
    where day >= {{ add_days(day_of(as_of()), -var('quarter_days')) }}
    group by use_case

),

needs as (

    select
        budgets.owner,
        budgets.use_case,
        budgets.month,
        budgets.revision,
        budgets.soft_share,
        budgets.limit_amount,
        budgets.criticality,
        budgets.quality_floor,
        {{ ratio('bought.accepted_outcomes', 'bought.total_cost') }} as accepted_per_unit,
        {{ ratio('bought.accepted_outcomes', 'bought.outcomes') }} as acceptance_rate,
        forecasts.week_amount * budgets.weeks as forecast_amount,
        forecasts.week_amount * budgets.weeks
        + {{ sum_interval_half_width('forecasts.week_deviation', 'forecasts.whole_weeks', 'budgets.weeks * 7') }}
            as forecast_high_amount
    from budgets
    left join bought on budgets.use_case = bought.use_case
    left join {{ ref('int_budget_forecasts') }} as forecasts
        on
            budgets.owner = forecasts.owner
            and budgets.use_case = forecasts.use_case
            and forecasts.day = {{ day_of(as_of()) }}

),

-- What a limit must be so that even the high forecast stays below the soft threshold; in whole cents from here on.
bounded as (

    select
        owner,
        use_case,
        month,
        revision,
        limit_amount,
        criticality,
        accepted_per_unit,
        acceptance_rate,
        forecast_amount,
        forecast_high_amount,
        forecast_high_amount / nullif(soft_share, 0) as needed_amount,
        case
            when criticality = 'critical' or accepted_per_unit is null then 0
            else cast(floor(100 * coalesce(least(
                limit_amount * {{ var('reallocation_limit_share') }}, greatest(limit_amount - forecast_high_amount / nullif(soft_share, 0), 0)
            ), 0)) as decimal(18, 0))
        end as cents_to_give,
        case
            when
                accepted_per_unit is null
                or acceptance_rate is null
                or acceptance_rate < coalesce(quality_floor, 0)
                then 0
            else cast(floor(100 * coalesce(least(
                limit_amount * {{ var('reallocation_limit_share') }}, greatest(forecast_high_amount / nullif(soft_share, 0) - limit_amount, 0)
            ), 0)) as decimal(18, 0))
        end as cents_to_take
    from needs

),

-- Givers stand on a line from the fewest outcomes per unit up, takers on another from the most down. Where the two lines
-- lie over each other money flows; along them the taker's gain shrinks until it is none.
givers as (

    select
        owner,
        use_case,
        accepted_per_unit,
        sum(cents_to_give) over line - cents_to_give as line_start,
        sum(cents_to_give) over line as line_end
    from bounded
    where cents_to_give > 0
    window line as (
        order by accepted_per_unit, use_case, owner
        rows between unbounded preceding and current row
    )

),

takers as (

    select
        owner,
        use_case,
        accepted_per_unit,
        sum(cents_to_take) over line - cents_to_take as line_start,
        sum(cents_to_take) over line as line_end
    from bounded
    where cents_to_take > 0
    window line as (
        order by accepted_per_unit desc, use_case asc, owner asc
        rows between unbounded preceding and current row
    )

),

moves as (

    select
        givers.owner as giver,
        givers.use_case as giving_use_case,
        takers.owner as taker,
        takers.use_case as taking_use_case,
        least(givers.line_end, takers.line_end) - greatest(givers.line_start, takers.line_start) as cents,
        takers.accepted_per_unit - givers.accepted_per_unit as gain_per_unit
    from givers
    inner join takers
        on
            givers.line_start < takers.line_end
            and takers.line_start < givers.line_end
            and givers.accepted_per_unit < takers.accepted_per_unit

),

-- Outcomes as decimals: a sum of doubles would depend on the order of the rows.
changes as (

    select
        owner,
        use_case,
        sum(cents) as cents,
        sum(outcomes) as expected_accepted_outcomes
    from (
        select
            giver as owner,
            giving_use_case as use_case,
            -cents as cents,
            cast(0 as decimal(38, 12)) as outcomes
        from moves

        union all

        select
            taker as owner,
            taking_use_case as use_case,
            cents,
            cast(cast(cents as double) / 100 * gain_per_unit as decimal(38, 12)) as outcomes
        from moves
    ) as flows
    group by owner, use_case

)

select
    bounded.month,
    bounded.owner,
    bounded.use_case,
    bounded.criticality,
    cast(bounded.revision as integer) as budget_revision,
    cast(bounded.limit_amount as decimal(38, 12)) as limit_amount,
    cast(coalesce(changes.cents, 0) * 0.01 as decimal(38, 12)) as change_amount,
    cast(bounded.limit_amount + coalesce(changes.cents, 0) * 0.01 as decimal(38, 12)) as proposed_limit_amount,
    bounded.forecast_amount,
    bounded.forecast_high_amount,
    bounded.accepted_per_unit,
    bounded.acceptance_rate,
    cast(coalesce(changes.expected_accepted_outcomes, 0) as double) as additional_accepted_outcomes,
    cast(bounded.cents_to_give * 0.01 as decimal(38, 12)) as most_to_give_amount,
    cast(bounded.cents_to_take * 0.01 as decimal(38, 12)) as most_to_take_amount,
    case
        when changes.cents > 0
            then 'Takes: the high forecast runs past the soft threshold, and a unit buys more accepted outcomes here than'
                || ' where it comes from.'
        when changes.cents < 0
            then 'Gives: even the high forecast leaves it unspent, and a unit buys more accepted outcomes elsewhere.'
        when bounded.accepted_per_unit is null then 'Unchanged: no accepted outcomes or no cost in 13 weeks to judge by.'
        when bounded.needed_amount is null then 'Unchanged: fewer than three whole weeks of spend to forecast from.'
        when bounded.needed_amount < bounded.limit_amount and bounded.criticality = 'critical'
            then 'Unchanged: it will not need all of its limit, and a critical use case gives nothing.'
        when bounded.needed_amount > bounded.limit_amount and bounded.cents_to_take = 0
            then 'Unchanged: it is forecast past its soft threshold, and below its quality floor more money is no answer.'
        when bounded.needed_amount > bounded.limit_amount
            then 'Unchanged: it is forecast past its soft threshold, and no budget where a unit buys less has any to spare.'
        else 'Unchanged: it has money to spare, and none is needed where a unit buys more accepted outcomes.'
    end as reason
from bounded
left join changes
    on
        bounded.owner = changes.owner
        and bounded.use_case = changes.use_case
