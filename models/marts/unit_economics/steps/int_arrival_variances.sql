-- One row per use case and age in days: how much the rework cost and the corrected outcomes of a cohort vary by chance,
-- per outcome, in the part that has arrived by the end of that age and in the part that has not. The arrivals of
-- each age are measured over all cohorts old enough, and ages count as independent.
with increments as (

    select
        use_case,
        age,
        cast(outcomes as double) as outcomes,
        cast(rework_cost - coalesce(lag(rework_cost) over by_age, 0) as double) as rework_cost,
        cast(corrected_outcomes - coalesce(lag(corrected_outcomes) over by_age, 0) as double) as corrected_outcomes
    from {{ ref('int_arrival_triangle') }}
    where age < cohort_age
    window by_age as (
        partition by use_case, day
        order by age
    )

),

{%- set measures = ['rework_cost', 'corrected_outcomes'] %}

age_sums as (

    select
        use_case,
        age,
        count(*) as cohorts,
        sum(outcomes) as outcomes,
        sum(outcomes * outcomes) as outcome_squares
        {%- for measure in measures %},
        sum({{ measure }}) as {{ measure }},
        sum({{ measure }} * {{ measure }}) as {{ measure }}_squares,
        sum({{ measure }} * outcomes) as {{ measure }}_products
        {%- endfor %}
    from increments
    group by use_case, age

),

age_variances as (

    select
        use_case,
        age,
        cohorts
        {%- for measure in measures %},
        coalesce(greatest(
            {{ measure }}_squares
            - 2 * {{ ratio(measure, 'outcomes') }} * {{ measure }}_products
            + power({{ ratio(measure, 'outcomes') }}, 2) * outcome_squares,
            0
        ) / nullif(outcomes, 0), 0) as {{ measure }}_variance
        {%- endfor %}
    from age_sums

)

select
    use_case,
    age,
    cohorts
    {%- for measure in measures %},
    round(sum({{ measure }}_variance) over seen, 12) as seen_{{ measure }}_variance,
    round(sum({{ measure }}_variance) over everything - sum({{ measure }}_variance) over seen, 12)
        as unseen_{{ measure }}_variance
    {%- endfor %}
from age_variances
window
    seen as (partition by use_case order by age rows between unbounded preceding and current row),
    everything as (partition by use_case)
