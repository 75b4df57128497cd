{%- set period_days, long_days, short_days = 28, 7, 2 -%}
{%- set page_burn = var('slo_page_burn_rate') -%}

-- Guarantees one row per day and declared use case whose criticality class has a cost objective then: how much of the
-- error budget of the 28 days to that day is used up, how fast it burns over 7 and over 2 days, and whether to raise an
-- alert. Cohort basis, developed figures. The budget is the share (1 - objective) of what the target allows;
-- days below the target give nothing back, as a fast answer does not make up for a slow one.
with days as (

    select
        days.day,
        days.use_case,
        use_cases.owner,
        use_cases.criticality,
        cost_slos.target_cost_per_accepted_outcome,
        cost_slos.quality_floor,
        cost_slos.objective_share,
        days.outcomes,
        days.developed_accepted_outcomes,
        days.inference_cost + days.delay_cost + days.developed_rework_cost as cost,
        -- Both factors have decimals; six of each are enough for counts of outcomes, and the product stays exact.
        cast(
            cast(cost_slos.target_cost_per_accepted_outcome as decimal(18, 6))
            * cast(days.developed_accepted_outcomes as decimal(18, 6)) as decimal(38, 12)
        ) as allowed_cost
    from {{ ref('int_developed_days') }} as days
    inner join {{ ref('stg_reference__use_cases') }} as use_cases
        on
            days.use_case = use_cases.use_case
            and {{ start_of_day('days.day') }} >= use_cases.valid_from
            and {{ start_of_day('days.day') }} < use_cases.valid_to
    inner join {{ ref('stg_reference__cost_slos') }} as cost_slos
        on
            use_cases.criticality = cost_slos.criticality
            and {{ start_of_day('days.day') }} >= cost_slos.valid_from
            and {{ start_of_day('days.day') }} < cost_slos.valid_to

),

windowed_days as (

    select
        day,
        use_case,
        owner,
        criticality,
        target_cost_per_accepted_outcome,
        quality_floor,
        objective_share,
        cost,
        allowed_cost,
        {{ ratio('cost', 'developed_accepted_outcomes') }} as cost_per_accepted_outcome
        {%- for name, length in [('period', period_days), ('long', long_days), ('short', short_days)] %},
        sum(greatest(cost - allowed_cost, 0)) over {{ name }}_window as {{ name }}_excess,
        sum(allowed_cost) over {{ name }}_window as {{ name }}_allowed,
        sum(developed_accepted_outcomes) over {{ name }}_window as {{ name }}_accepted,
        sum(outcomes) over {{ name }}_window as {{ name }}_outcomes
        {%- endfor %}
    from days
    window
    {%- for name, length in [('period', period_days), ('long', long_days), ('short', short_days)] %}
        {{ name }}_window as (
            partition by use_case
            order by day
            range between interval {{ length - 1 }} days preceding and current row
        ){{ ',' if not loop.last }}
    {%- endfor %}

),

burns as (

    select
        day,
        use_case,
        owner,
        criticality,
        target_cost_per_accepted_outcome,
        quality_floor,
        objective_share,
        cost_per_accepted_outcome,
        cast(period_excess as decimal(38, 12)) as period_excess,
        (1 - objective_share) * cast(period_allowed as double) as error_budget
        {%- for name in ['period', 'long', 'short'] %},
        {{ ratio(name ~ '_excess', '(1 - objective_share) * cast(' ~ name ~ '_allowed as double)') }}
            as {{ name }}_burn
        {%- endfor %},
        {{ ratio('long_accepted', 'long_outcomes') }} as acceptance_rate
    from windowed_days

)

select
    day,
    criticality,
    use_case,
    owner,
    target_cost_per_accepted_outcome,
    quality_floor,
    objective_share,
    round(cost_per_accepted_outcome, 9) as cost_per_accepted_outcome,
    round(acceptance_rate, 9) as acceptance_rate_7_days,
    period_excess as excess_28_days,
    round(error_budget, 9) as error_budget_28_days,
    round(period_burn, 9) as error_budget_used_share,
    round(long_burn, 9) as burn_rate_7_days,
    round(short_burn, 9) as burn_rate_2_days,
    coalesce(long_burn >= 1 and short_burn >= 1, false) as is_burning,
    coalesce(acceptance_rate < quality_floor, false) as is_below_quality_floor,
    case
        when coalesce(long_burn >= {{ page_burn }} and short_burn >= {{ page_burn }}, false) then 'page'
        when coalesce(long_burn >= 1 and short_burn >= 1, false) then 'ticket'
        when coalesce(acceptance_rate < quality_floor, false) then 'ticket'
        else 'none'
    end as alert
from burns
