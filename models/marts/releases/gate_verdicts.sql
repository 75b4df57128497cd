{%- set margin = var('gate_rework_margin') -%}

-- Guarantees one row per release and check of the gate, the same checks for every release, with the verdict of the
-- check and that of the release: fail when a check fails, else not_enough_evidence when one lacks evidence, else pass.
-- A check of a measure passes when its bound shows that the condition holds. It fails when the bound shows the
-- contrary, or when all days of the comparison are over and the estimate itself is on the wrong side.
with checks as (

    select
        release_id,
        1 as position,
        'cost' as check_group,
        'cost_fell' as check_name,
        baseline_cost as baseline_value,
        candidate_cost as candidate_value,
        cost_ratio as effect,
        cost_lower as effect_lower,
        cost_upper as effect_upper,
        1.0e0 as threshold,
        'ratio; bounds of a two-sided 95 % interval' as effect_meaning,
        has_evidence and has_known_cost as is_judged,
        cost_upper < 1 as passes,
        cost_lower >= 1 or (is_window_complete and cost_ratio >= 1) as fails,
        case
            when not has_known_cost
                then {{ number_text('100 * unpriced_share', 1) }} || ' % of the attempts of one side have no known price'
            else
                'cost per accepted outcome went from ' || {{ number_text('baseline_cost', 4) }} || ' to '
                || {{ number_text('candidate_cost', 4) }} || ' (' || {{ number_text('100 * (cost_ratio - 1)', 1) }}
                || ' %; 95 % interval ' || {{ number_text('100 * (cost_lower - 1)', 1) }} || ' to '
                || {{ number_text('100 * (cost_upper - 1)', 1) }} || ' %), cost per request from '
                || coalesce({{ number_text('baseline_cost_per_request', 4) }}, 'unknown') || ' to '
                || coalesce({{ number_text('candidate_cost_per_request', 4) }}, 'unknown')
        end as reason
    from {{ ref('int_gate_measures') }}

    union all

    select
        release_id,
        2 as position,
        'quality' as check_group,
        'acceptance_held' as check_name,
        baseline_acceptance as baseline_value,
        candidate_acceptance as candidate_value,
        acceptance_change as effect,
        acceptance_change_lower as effect_lower,
        acceptance_change_upper as effect_upper,
        -quality_margin as threshold,
        'difference of rates; each bound one-sided 95 %' as effect_meaning,
        has_evidence and quality_margin is not null as is_judged,
        acceptance_change_lower > -quality_margin as passes,
        acceptance_change_upper <= -quality_margin or (is_window_complete and acceptance_change <= -quality_margin)
            as fails,
        case
            when quality_margin is null then 'no quality margin is set'
            else
                'acceptance went from ' || {{ number_text('100 * baseline_acceptance', 1) }} || ' to '
                || {{ number_text('100 * candidate_acceptance', 1) }} || ' % (' || {{ number_text(
                    '100 * acceptance_change', 1
                ) }} || ' points, at worst ' || {{ number_text('100 * acceptance_change_lower', 1) }}
                || ' with 95 % confidence; allowed ' || {{ number_text('-100 * quality_margin', 1) }} || ')'
        end as reason
    from {{ ref('int_gate_measures') }}

    union all

    select
        release_id,
        3 as position,
        'quality' as check_group,
        'acceptance_above_floor' as check_name,
        baseline_acceptance as baseline_value,
        candidate_acceptance as candidate_value,
        candidate_acceptance as effect,
        acceptance_lower as effect_lower,
        acceptance_upper as effect_upper,
        quality_floor as threshold,
        'rate; each bound one-sided 95 %' as effect_meaning,
        has_evidence or quality_floor is null as is_judged,
        quality_floor is null or candidate_acceptance >= quality_floor as passes,
        acceptance_upper < quality_floor or (is_window_complete and candidate_acceptance < quality_floor) as fails,
        case
            when quality_floor is null then 'the use case has no quality floor'
            else
                'acceptance is ' || {{ number_text('100 * candidate_acceptance', 1) }} || ' %, the floor '
                || {{ number_text('100 * quality_floor', 1) }} || ' %'
        end as reason
    from {{ ref('int_gate_measures') }}

    {%- for position, name, short, words, decimals in [
        (4, 'rework_cost_held', 'rework', 'rework cost per outcome', 4),
        (5, 'handling_time_held', 'minutes', 'handling minutes per outcome', 3)
    ] %}

    union all

    select
        release_id,
        {{ position }} as position,
        'rework' as check_group,
        '{{ name }}' as check_name,
        baseline_{{ short }} as baseline_value,
        candidate_{{ short }} as candidate_value,
        {{ short }}_ratio as effect,
        {{ short }}_lower as effect_lower,
        {{ short }}_upper as effect_upper,
        1.0e0 + {{ margin }} as threshold,
        'ratio; each bound one-sided 95 %' as effect_meaning,
        has_evidence as is_judged,
        candidate_{{ short }} = 0 or {{ short }}_upper < 1 + {{ margin }} as passes,
        {{ short }}_lower >= 1 + {{ margin }}
        or (is_window_complete and coalesce({{ short }}_ratio >= 1 + {{ margin }}, candidate_{{ short }} > 0)) as fails,
        '{{ words }} went from ' || {{ number_text('baseline_' ~ short, decimals) }} || ' to '
        || {{ number_text('candidate_' ~ short, decimals) }} || coalesce(
            ' (' || {{ number_text('100 * (' ~ short ~ '_ratio - 1)', 1) }} || ' %, at worst '
            || {{ number_text('100 * (' ~ short ~ '_upper - 1)', 1) }} || ' % with 95 % confidence; allowed '
            || {{ number_text(100 * margin, 1) }} || ' %)',
            ''
        ) as reason
    from {{ ref('int_gate_measures') }}
    {%- endfor %}

    union all

    select
        release_id,
        6 as position,
        'sla' as check_group,
        'response_time_within_target' as check_name,
        baseline_response_ms as baseline_value,
        candidate_response_ms as candidate_value,
        candidate_response_ms as effect,
        cast(null as double) as effect_lower,
        cast(null as double) as effect_upper,
        response_target_ms as threshold,
        '95th percentile in milliseconds' as effect_meaning,
        has_evidence as is_judged,
        candidate_response_ms <= response_target_ms as passes,
        candidate_response_ms > response_target_ms as fails,
        coalesce(
            'p95 response time is ' || {{ number_text('candidate_response_ms / 1000', 1) }} || ' s, before '
            || coalesce({{ number_text('baseline_response_ms / 1000', 1) }}, 'unknown') || ' s; '
            || case when promised_ms is null then 'allowed' else 'promised' end || ' '
            || {{ number_text('response_target_ms / 1000', 1) }} || ' s',
            'no response times are logged'
        ) as reason
    from {{ ref('int_gate_measures') }}

    union all

    select
        release_id,
        7 as position,
        'sla' as check_group,
        'sla_attained' as check_name,
        baseline_attainment as baseline_value,
        candidate_attainment as candidate_value,
        candidate_attainment as effect,
        attainment_lower as effect_lower,
        attainment_upper as effect_upper,
        objective_share as threshold,
        'share of outcomes; each bound one-sided 95 %' as effect_meaning,
        has_evidence or objective_share is null as is_judged,
        objective_share is null or coalesce(sla_outcomes, 0) = 0 or candidate_attainment >= objective_share as passes,
        attainment_upper < objective_share or (is_window_complete and candidate_attainment < objective_share) as fails,
        case
            when objective_share is null then 'no objective is declared for its criticality'
            when coalesce(sla_outcomes, 0) = 0 then 'the use case has no SLA clocks'
            else
                {{ number_text('100 * candidate_attainment', 1) }} || ' % of ' || sla_outcomes
                || ' outcomes met their SLA; the objective is ' || {{ number_text('100 * objective_share', 1) }} || ' %'
        end as reason
    from {{ ref('int_gate_measures') }}

    union all

    select
        release_id,
        8 as position,
        'checklist' as check_group,
        'enough_outcomes' as check_name,
        cast(baseline_outcomes as double) as baseline_value,
        cast(candidate_outcomes as double) as candidate_value,
        cast(least(baseline_outcomes, candidate_outcomes) as double) as effect,
        cast(null as double) as effect_lower,
        cast(null as double) as effect_upper,
        cast(minimum_outcomes as double) as threshold,
        'complete outcomes on the smaller side' as effect_meaning,
        has_evidence as is_judged,
        has_evidence as passes,
        false as fails,
        'the baseline has ' || baseline_outcomes || ' complete outcomes on ' || baseline_days
        || ' days and the release ' || candidate_outcomes || ' on ' || candidate_days || ' days; needed are '
        || coalesce(minimum_outcomes, 1) || ' on each side and {{ var("gate_minimum_days") }} days' as reason
    from {{ ref('int_gate_measures') }}

    union all

    select
        release_id,
        9 as position,
        'checklist' as check_group,
        'baseline_of_four_weeks' as check_name,
        cast(null as double) as baseline_value,
        cast(null as double) as candidate_value,
        cast(history_days as double) as effect,
        cast(null as double) as effect_lower,
        cast(null as double) as effect_upper,
        {{ var('gate_days') }} * 1.0e0 as threshold,
        'days of data before the release' as effect_meaning,
        has_baseline as is_judged,
        has_baseline as passes,
        false as fails,
        'the use case has ' || greatest(history_days, 0) || ' days of data before the release; needed are '
        || {{ var('gate_days') }} as reason
    from {{ ref('int_gate_measures') }}

    {%- for position, name, condition, missing, present in [
        (
            10, 'thresholds_set', 'quality_margin is not null and minimum_outcomes is not null',
            'quality margin or minimum number of outcomes is not set', 'quality margin and minimum number of outcomes are set'
        ),
        (
            11, 'rollback_plan_with_owner', 'rollback_plan is not null and decision_owner is not null',
            'rollback plan or its named decision owner is missing', 'rollback plan and decision owner are named'
        ),
        (12, 'watch_plan_for_72_hours', 'watch_plan is not null', 'no 72-hour watch is planned', 'the watch is planned'),
        (
            13, 'impact_assessed', "impact_assessment is not null or coalesce(criticality, 'critical') <> 'critical'",
            'a critical use case needs an impact assessment', 'an impact assessment is there or not needed'
        )
    ] %}

    union all

    select
        release_id,
        {{ position }} as position,
        'checklist' as check_group,
        '{{ name }}' as check_name,
        cast(null as double) as baseline_value,
        cast(null as double) as candidate_value,
        cast(null as double) as effect,
        cast(null as double) as effect_lower,
        cast(null as double) as effect_upper,
        cast(null as double) as threshold,
        'present or missing' as effect_meaning,
        true as is_judged,
        {{ condition }} as passes,
        case when {{ condition }} then false else true end as fails,
        case when {{ condition }} then '{{ present }}' else '{{ missing }}' end as reason
    from {{ ref('int_gate_measures') }}
    {%- endfor %}

),

judged_checks as (

    select
        release_id,
        position,
        check_group,
        check_name,
        baseline_value,
        candidate_value,
        effect,
        effect_lower,
        effect_upper,
        threshold,
        effect_meaning,
        reason,
        case
            when not coalesce(is_judged, false) then 'not_enough_evidence'
            when coalesce(passes, false) then 'pass'
            when coalesce(fails, false) then 'fail'
            else 'not_enough_evidence'
        end as check_verdict
    from checks

)

select
    judged_checks.release_id,
    measures.use_case,
    measures.owner,
    cast(judged_checks.position as integer) as position,
    judged_checks.check_group,
    judged_checks.check_name,
    judged_checks.check_verdict,
    coalesce(judged_checks.reason, 'nothing has been measured on one side yet') as reason,
    round(judged_checks.baseline_value, 9) as baseline_value,
    round(judged_checks.candidate_value, 9) as candidate_value,
    round(judged_checks.effect, 9) as effect,
    round(judged_checks.effect_lower, 9) as effect_lower,
    round(judged_checks.effect_upper, 9) as effect_upper,
    round(judged_checks.threshold, 9) as threshold,
    judged_checks.effect_meaning,
    case max(case judged_checks.check_verdict when 'fail' then 2 when 'not_enough_evidence' then 1 else 0 end) over (
        partition by judged_checks.release_id
    )
        when 2 then 'fail'
        when 1 then 'not_enough_evidence'
        else 'pass'
    end as release_verdict,
    measures.comparison,
    measures.baseline_from,
    measures.baseline_until,
    measures.released_at as candidate_from,
    measures.candidate_until,
    measures.is_window_complete,
    cast(measures.baseline_outcomes as bigint) as baseline_outcomes,
    cast(measures.candidate_outcomes as bigint) as candidate_outcomes,
    cast(measures.immature_outcomes as bigint) as immature_outcomes,
    measures.immature_outcomes > 0 as uses_developed_figures,
    cast(measures.mixed_outcomes as bigint) as mixed_outcomes,
    cast(measures.earlier_releases as bigint) as earlier_releases,
    round(measures.baseline_cost_per_request, 9) as baseline_cost_per_request,
    round(measures.candidate_cost_per_request, 9) as candidate_cost_per_request
from judged_checks
inner join {{ ref('int_gate_measures') }} as measures on judged_checks.release_id = measures.release_id
