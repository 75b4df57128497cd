{%- set declared = [
    'release_id', 'use_case', 'lever', 'released_at', 'decision_owner', 'rollback_plan', 'watch_plan', 'impact_assessment',
    'quality_margin', 'minimum_outcomes'
] %}

-- One row per release: how it is compared and over which time. Side by side when the logs name the release for a part
-- of the outcomes since it only (a variant beside the running version), otherwise before and after.
with served_shares as (

    select
        releases.release_id,
        count(*) as outcomes,
        sum(case when served.served_by = 'release' then 1 else 0 end) as release_outcomes,
        sum(case when served.served_by = 'both' then 1 else 0 end) as mixed_outcomes
    from {{ ref('stg_reference__releases') }} as releases
    inner join {{ ref('outcomes') }} as outcomes
        on
            releases.use_case = outcomes.use_case
            and releases.released_at <= outcomes.first_activity_at
            and {{ add_microseconds('releases.released_at', var('gate_days') ~ ' * 86400000000') }}
            > outcomes.first_activity_at
    left join {{ ref('int_release_outcomes') }} as served
        on
            releases.release_id = served.release_id
            and outcomes.use_case = served.use_case
            and outcomes.outcome_id = served.outcome_id
    group by releases.release_id

),

history as (

    select
        use_case,
        min(day) as first_day
    from {{ ref('outcomes') }}
    group by use_case

),

releases as (

    select
        {%- for column in declared %}
        releases.{{ column }},
        {%- endfor %}
        {{ add_microseconds('releases.released_at', '-' ~ var('gate_days') ~ ' * 86400000000') }} as days_before,
        {{ add_microseconds('releases.released_at', var('gate_days') ~ ' * 86400000000') }} as days_after,
        min(following.released_at) as next_released_at
    from {{ ref('stg_reference__releases') }} as releases
    left join {{ ref('stg_reference__releases') }} as following
        on
            releases.use_case = following.use_case
            and releases.released_at < following.released_at
    group by {% for column in declared %}releases.{{ column }}{{ ', ' if not loop.last }}{% endfor %}

),

earlier_releases as (

    select
        releases.release_id,
        count(*) as earlier_releases
    from releases
    inner join {{ ref('stg_reference__releases') }} as earlier
        on
            releases.use_case = earlier.use_case
            and releases.release_id <> earlier.release_id
            and releases.released_at >= earlier.released_at
            and releases.days_before < earlier.released_at
    group by releases.release_id

),

compared_releases as (

    select
        {%- for column in declared %}
        releases.{{ column }},
        {%- endfor %}
        releases.days_before,
        releases.days_after,
        releases.next_released_at,
        coalesce(served_shares.mixed_outcomes, 0) as mixed_outcomes,
        coalesce(earlier_releases.earlier_releases, 0) as earlier_releases,
        {{ days_between('history.first_day', day_of('releases.released_at')) }} as history_days,
        case
            when
                served_shares.release_outcomes + served_shares.mixed_outcomes > 0
                and served_shares.release_outcomes < {{ var('gate_full_share') }} * served_shares.outcomes
                then 'side_by_side'
            else 'before_after'
        end as comparison
    from releases
    left join served_shares on releases.release_id = served_shares.release_id
    left join history on releases.use_case = history.use_case
    left join earlier_releases on releases.release_id = earlier_releases.release_id

),

planned_windows as (

    select
        {%- for column in declared %}
        compared_releases.{{ column }},
        {%- endfor %}
        compared_releases.mixed_outcomes,
        compared_releases.earlier_releases,
        compared_releases.history_days,
        compared_releases.comparison,
        case
            when compared_releases.comparison = 'side_by_side' then compared_releases.released_at
            else compared_releases.days_before
        end as baseline_from,
        -- After the next release of the use case, before and after would show both.
        case
            when compared_releases.comparison = 'side_by_side' then compared_releases.days_after
            else least(
                compared_releases.days_after,
                coalesce(compared_releases.next_released_at, compared_releases.days_after)
            )
        end as candidate_until
    from compared_releases

)

select
    planned_windows.release_id,
    planned_windows.use_case,
    coalesce(use_cases.owner, 'unowned') as owner,
    use_cases.criticality,
    use_cases.quality_floor,
    cost_slos.objective_share,
    planned_windows.lever,
    planned_windows.released_at,
    planned_windows.decision_owner,
    planned_windows.rollback_plan,
    planned_windows.watch_plan,
    planned_windows.impact_assessment,
    planned_windows.quality_margin,
    planned_windows.minimum_outcomes,
    planned_windows.comparison,
    planned_windows.baseline_from,
    case
        when planned_windows.comparison = 'side_by_side' then planned_windows.candidate_until
        else planned_windows.released_at
    end as baseline_until,
    planned_windows.candidate_until,
    planned_windows.candidate_until <= {{ as_of() }} as is_window_complete,
    planned_windows.mixed_outcomes,
    planned_windows.earlier_releases,
    planned_windows.history_days
from planned_windows
left join {{ ref('stg_reference__use_cases') }} as use_cases
    on
        planned_windows.use_case = use_cases.use_case
        and planned_windows.released_at >= use_cases.valid_from
        and planned_windows.released_at < use_cases.valid_to
left join {{ ref('stg_reference__cost_slos') }} as cost_slos
    on
        use_cases.criticality = cost_slos.criticality
        and planned_windows.released_at >= cost_slos.valid_from
        and planned_windows.released_at < cost_slos.valid_to
