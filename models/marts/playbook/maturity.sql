{%- set criteria = {
    2: {'has_quality_metric': 'quality metric', 'has_known_cost': 'known cost'},
    3: {'has_gate': 'release gate', 'is_routed': 'routing'},
    4: {'has_forecast': 'forecast', 'has_traffic_policy': 'traffic policy', 'is_reallocated': 'reallocation'}
} -%}

-- Guarantees one row per use case that is declared as of the run: its maturity level, each criterion of the levels with
-- the evidence for it, and what is missing for the next level. A level needs the criteria of all levels below.
with releases as (

    select
        use_case,
        count(distinct release_id) as judged_releases
    from {{ ref('gate_verdicts') }}
    where
        candidate_from >= {{ start_of_day(add_days(day_of(as_of()), -var('half_year_days'))) }}
        and release_verdict <> 'not_enough_evidence'
    group by use_case

),

criteria as (

    select
        evidence.use_case,
        evidence.owner,
        evidence.function,
        evidence.criticality,
        evidence.outcomes,
        evidence.judged_outcomes,
        evidence.priced_share,
        cast(coalesce(releases.judged_releases, 0) as bigint) as judged_releases,
        evidence.no_segmentation_share,
        evidence.forecast_amount,
        evidence.tested_forecasts,
        evidence.average_forecast_error,
        evidence.judged_outcomes > 0 as has_quality_metric,
        coalesce(evidence.priced_share >= {{ var('known_cost_share') }}, false) as has_known_cost,
        coalesce(releases.judged_releases > 0, false) as has_gate,
        coalesce(evidence.no_segmentation_share <= {{ var('tolerated_leak_share') }}, false) as is_routed,
        evidence.forecast_amount is not null and evidence.tested_forecasts > 0 as has_forecast,
        evidence.has_automatic_limits as has_traffic_policy,
        evidence.was_budget_changed as is_reallocated
    from {{ ref('int_use_case_evidence') }} as evidence
    left join releases on evidence.use_case = releases.use_case

),

levels as (

    select
        use_case,
        case
            when not (has_quality_metric and has_known_cost) then 1
            when not (has_gate and is_routed) then 2
            when not (has_forecast and has_traffic_policy and is_reallocated) then 3
            else 4
        end as level
    from criteria

)

select
    criteria.use_case,
    criteria.owner,
    criteria.function,
    criteria.criticality,
    cast(levels.level as integer) as level,
    case levels.level
        when 1 then 'reactive' when 2 then 'controlled' when 3 then 'integrated' else 'strategic'
    end as level_name,
    case levels.level
    {%- for level, names in criteria.items() %}
        when {{ level - 1 }} then substr(
            {%- for name, words in names.items() %}
            case when criteria.{{ name }} then '' else '; {{ words }}' end{{ ' ||' if not loop.last }}
            {%- endfor %},
            3
        )
    {%- endfor %}
    end as unmet_criteria,
    criteria.has_quality_metric,
    criteria.judged_outcomes,
    criteria.outcomes,
    criteria.has_known_cost,
    criteria.priced_share,
    criteria.has_gate,
    criteria.judged_releases,
    criteria.is_routed,
    criteria.no_segmentation_share,
    criteria.has_forecast,
    criteria.forecast_amount,
    criteria.tested_forecasts,
    criteria.average_forecast_error,
    criteria.has_traffic_policy,
    criteria.is_reallocated
from criteria
inner join levels on criteria.use_case = levels.use_case
