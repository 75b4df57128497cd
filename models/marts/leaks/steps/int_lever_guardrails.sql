-- One row per use case whose input failed validation or was blamed by a ticket in the window: what it would save to stop
-- such input before a model sees it. What comes back corrected costs, and is worth, what outcomes on valid input are.
with bad_outcomes as (

    select distinct
        use_case,
        outcome_id
    from {{ ref('int_lever_attempts') }}
    where
        poor_input_gross_cost > 0
        and outcome_id is not null

),

input_sums as (

    select
        outcomes.use_case,
        {%- for side, condition in {'bad': 'is not null', 'good': 'is null'}.items() %}
        sum(case when bad_outcomes.outcome_id {{ condition }} then 1 else 0 end) as {{ side }}_outcomes,
        sum(case when bad_outcomes.outcome_id {{ condition }} and outcomes.state = 'accepted' then 1 else 0 end)
            as {{ side }}_accepted,
        {%- for cost in ['inference_cost', 'rework_cost', 'delay_cost'] %}
        sum(case when bad_outcomes.outcome_id {{ condition }} then outcomes.{{ cost }} else 0 end)
            as {{ side }}_{{ cost }},
        {%- endfor %}
        sum(case when bad_outcomes.outcome_id {{ condition }} then outcomes.attempts else 0 end)
            as {{ side }}_attempts{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('outcomes') }} as outcomes
    inner join {{ ref('int_lever_window') }} as lever_window
        on outcomes.day between lever_window.first_day and lever_window.last_day
    left join bad_outcomes
        on
            outcomes.use_case = bad_outcomes.use_case
            and outcomes.outcome_id = bad_outcomes.outcome_id
    where outcomes.is_complete
    group by outcomes.use_case

)

select
    'guardrails' as lever,
    sums.use_case,
    sums.bad_attempts as affected_attempts,
    sums.bad_outcomes as affected_outcomes,
    {%- for cost, name in {'inference_cost': 'inference', 'rework_cost': 'rework', 'delay_cost': 'delay'}.items() %}
    coalesce(cast(
        cast(shares.value as double) * (
            cast(sums.bad_{{ cost }} as double)
            - cast(returned.value as double) * sums.bad_outcomes * {{ ratio('sums.good_' ~ cost, 'sums.good_outcomes') }}
        ) as decimal(38, 12)
    ), 0) as {{ name }}_saved,
    {%- endfor %}
    coalesce(cast(
        cast(shares.value as double) * (
            cast(returned.value as double) * sums.bad_outcomes * {{ ratio('sums.good_accepted', 'sums.good_outcomes') }}
            - sums.bad_accepted
        ) as decimal(38, 12)
    ), 0) as accepted_change,
    case
        when sums.bad_outcomes = 0 then 'nothing_to_change'
        when sums.good_outcomes < lever_window.minimum_outcomes then 'none'
        else 'observed'
    end as basis,
    case
        when sums.bad_outcomes = 0
            then 'No input failed validation and no ticket named input as its cause; where validation is not logged, '
                || 'nothing can be seen.'
        when sums.good_outcomes < lever_window.minimum_outcomes
            then 'Fewer than ' || cast(lever_window.minimum_outcomes as varchar) || ' outcomes on valid input.'
        else
            {{ percent_words('shares.value') }} || ' of ' || cast(sums.bad_outcomes as varchar)
            || ' outcomes on bad input are stopped before a model is called; ' || {{ percent_words('returned.value') }}
            || ' of those come back corrected and are worth what valid input is. Observed: valid input '
            || {{ percent_words(ratio('sums.good_accepted', 'sums.good_outcomes')) }} || ' accepted, rework '
            || {{ money_words(ratio('sums.good_rework_cost', 'sums.good_outcomes')) }} || ' an outcome; bad input '
            || {{ percent_words(ratio('sums.bad_accepted', 'sums.bad_outcomes')) }} || ', '
            || {{ money_words(ratio('sums.bad_rework_cost', 'sums.bad_outcomes')) }} || '.'
    end as assumption
from input_sums as sums
cross join {{ ref('int_lever_window') }} as lever_window
inner join {{ ref('int_lever_parameters') }} as shares
    on {{ assumption_applies('shares', 'guardrails', 'share', 'sums.use_case') }}
inner join {{ ref('int_lever_parameters') }} as returned
    on {{ assumption_applies('returned', 'guardrails', 'returned_share', 'sums.use_case') }}
