{%- set phases = {'days 1-30': 30, 'days 31-60': 60, 'days 61-90': 90} -%}

-- Guarantees one row per item of the 30/60/90 days, in order: how far it is, what says so, and when it was due. The days
-- count from the first day that the warehouse has figures for. The critical use case is the one with most of its three
-- items met.
with evidence as (

    select
        use_case,
        criticality,
        first_day,
        days_with_outcomes >= {{ var('recent_days') }} as has_baseline,
        coalesce(unknown_leak_share <= {{ var('tolerated_leak_share') }}, false) as are_leaks_known,
        coalesce(no_segmentation_share <= {{ var('tolerated_leak_share') }}, false) as is_routed,
        has_context_limits
        and coalesce(excess_context_share <= {{ var('tolerated_leak_share') }}, false) as is_limited,
        coalesce(validated_share >= {{ var('guarded_share') }}, false) as is_guarded,
        no_segmentation_share,
        excess_context_share,
        validated_share,
        has_budget
    from {{ ref('int_use_case_evidence') }}

),

ranked_critical as (

    select
        use_case,
        is_routed,
        is_limited,
        is_guarded,
        no_segmentation_share,
        excess_context_share,
        validated_share,
        row_number() over (
            order by
                case when is_routed then 1 else 0 end
                + case when is_limited then 1 else 0 end
                + case when is_guarded then 1 else 0 end desc,
                use_case asc
        ) as choice
    from evidence
    where criticality = 'critical'

),

totals as (

    select
        min(first_day) as started_on,
        count(*) as use_cases,
        sum(case when has_baseline then 1 else 0 end) as with_baseline,
        sum(case when are_leaks_known then 1 else 0 end) as with_known_leaks,
        sum(case when is_routed and is_limited then 1 else 0 end) as routed_and_limited,
        sum(case when has_budget then 1 else 0 end) as with_budget
    from evidence

),

-- Of half a year, of the use cases that are declared. The checklists of a use case count once one of its releases is judged.
releases as (

    select
        verdicts.use_case,
        verdicts.release_id,
        max(case when verdicts.release_verdict <> 'not_enough_evidence' then 1 else 0 end) as is_judged,
        min(case when verdicts.check_group = 'checklist' and verdicts.check_verdict <> 'pass' then 0 else 1 end)
            as has_complete_checklist
    from {{ ref('gate_verdicts') }} as verdicts
    inner join evidence on verdicts.use_case = evidence.use_case
    where verdicts.candidate_from >= {{ start_of_day(add_days(day_of(as_of()), -var('half_year_days'))) }}
    group by verdicts.use_case, verdicts.release_id

),

use_case_releases as (

    select
        use_case,
        count(*) as releases,
        case when max(is_judged) = 1 then sum(has_complete_checklist) else 0 end as gated_releases
    from releases
    group by use_case

),

release_totals as (

    select
        coalesce(sum(releases), 0) as releases,
        coalesce(sum(gated_releases), 0) as gated_releases
    from use_case_releases

),

leak_sums as (

    select
        leak,
        sum(leak_cost) as leak_cost
    from {{ ref('top_leaks') }}
    where period = 'trailing_28_days'
    group by leak

),

ranked_leaks as (

    select
        leak,
        leak_cost,
        row_number() over (order by leak_cost desc, leak asc) as leak_rank
    from leak_sums

),

largest_leaks as (

    select {{ distinct_texts("cast(leak_rank as varchar) || '. ' || leak || ' ' || " ~ number_text('leak_cost', 2)) }} as names
    from ranked_leaks
    where leak_rank <= 3

),

{%- set critical = [
    [3, 'routing of one critical use case', 'is_routed', 'no_segmentation_share', 'of its inference cost is spent on a dearer tier than needed'],
    [4, 'context limits of one critical use case', 'is_limited', 'excess_context_share', 'of its inference cost is context above its limits'],
    [5, 'guardrails of one critical use case', 'is_guarded', 'validated_share', 'of its attempts say whether their input was valid']
] %}

items as (

    select
        1 as position,
        'days 1-30' as phase,
        'baseline of four weeks' as item,
        {{ ratio('with_baseline', 'use_cases') }} as done_share,
        1.0e0 as target_share,
        cast(with_baseline as varchar) || ' of ' || cast(use_cases as varchar)
        || ' use cases have {{ var("recent_days") }} days with outcomes' as evidence
    from totals

    union all

    select
        2 as position,
        'days 1-30' as phase,
        'top three leaks' as item,
        {{ ratio('totals.with_known_leaks', 'totals.use_cases') }} as done_share,
        1.0e0 as target_share,
        cast(totals.with_known_leaks as varchar) || ' of ' || cast(totals.use_cases as varchar)
        || ' use cases have known leaks; ' || coalesce(largest_leaks.names, 'nothing leaks') as evidence
    from totals
    cross join largest_leaks
{% for position, item, flag, share, words in critical %}
    union all

    select
        {{ position }} as position,
        'days 31-60' as phase,
        '{{ item }}' as item,
        coalesce(max(case when ranked_critical.{{ flag }} then 1.0e0 end), 0) as done_share,
        1.0e0 as target_share,
        coalesce(max(
            ranked_critical.use_case || ': '
            || coalesce({{ number_text('100 * ranked_critical.' ~ share, 1) }} || ' %', 'not known which part')
            || ' {{ words }}'
        ), 'no critical use case is declared') as evidence
    from totals
    left join ranked_critical on ranked_critical.choice = 1
    where totals.use_cases > 0
{% endfor %}
    union all

    select
        6 as position,
        'days 61-90' as phase,
        'routing and limits of further use cases' as item,
        {{ ratio('routed_and_limited', 'use_cases') }} as done_share,
        {{ var('routed_use_cases_share') }}e0 as target_share,
        cast(routed_and_limited as varchar) || ' of ' || cast(use_cases as varchar)
        || ' use cases are routed and limited; half of them are asked for' as evidence
    from totals

    union all

    select
        7 as position,
        'days 61-90' as phase,
        'gates for every release' as item,
        coalesce({{ ratio('gated_releases', 'releases') }}, 0) as done_share,
        1.0e0 as target_share,
        cast(gated_releases as varchar) || ' of ' || cast(releases as varchar)
        || ' releases of half a year were judged with a complete checklist' as evidence
    from release_totals

    union all

    select
        8 as position,
        'days 61-90' as phase,
        'budgets for every owner' as item,
        {{ ratio('with_budget', 'use_cases') }} as done_share,
        1.0e0 as target_share,
        cast(with_budget as varchar) || ' of ' || cast(use_cases as varchar)
        || ' use cases have a budget for this month' as evidence
    from totals

)

select
    cast(items.position as integer) as position,
    items.phase,
    items.item,
    coalesce(items.done_share >= items.target_share, false) as is_done,
    items.done_share,
    items.target_share,
    items.evidence,
    totals.started_on,
    cast({{ days_between('totals.started_on', day_of(as_of())) }} as integer) as days_since_start,
    {{ days_between('totals.started_on', day_of(as_of())) }}
    >= case items.phase
        {%- for phase, days in phases.items() %} when '{{ phase }}' then {{ days }}{% endfor %}
    end as is_due
from items
cross join totals
where totals.use_cases > 0
