{%- set costs = ['inference_cost', 'rework_cost', 'delay_cost'] %}

-- One row per use case with a release that reaches into the window: what the days since it would have saved, had a gate
-- stopped every release after which an accepted outcome cost more than in the 28 days before it. A stopped release
-- leaves accepted outcomes at what they cost before. Reported figures: fresh outcomes still gain rework, so a bad
-- release looks better here than it will.
with releases as (

    select
        releases.release_id,
        releases.use_case,
        {{ day_of('releases.released_at') }} as release_day,
        lead({{ day_of('releases.released_at') }}) over (
            partition by releases.use_case order by releases.released_at, releases.release_id
        ) as next_release_day
    from {{ ref('stg_reference__releases') }} as releases

),

release_sums as (

    select
        releases.release_id,
        releases.use_case,
        releases.release_day
        {%- for side, condition in {
            'before': 'days.day >= ' ~ add_days('releases.release_day', -var('recent_days'))
                      ~ ' and days.day < releases.release_day',
            'since': 'days.day >= releases.release_day',
            'window': 'days.day >= releases.release_day and days.day >= lever_window.first_day'
        }.items() %}
        {%- for column in ['attempts', 'outcomes', 'accepted_outcomes'] + costs %},
        sum(case when {{ condition }} then days.{{ column }} else 0 end) as {{ side }}_{{ column }}
        {%- endfor %}
        {%- endfor %}
    from releases
    cross join {{ ref('int_lever_window') }} as lever_window
    inner join {{ ref('int_use_case_days') }} as days
        on
            releases.use_case = days.use_case
            and days.day >= {{ add_days('releases.release_day', -var('recent_days')) }}
            and days.day < coalesce(releases.next_release_day, {{ add_days('lever_window.last_day', '1') }})
            and days.day <= lever_window.last_day
    where coalesce(releases.next_release_day, lever_window.last_day) >= lever_window.first_day
    group by
        releases.release_id,
        releases.use_case,
        releases.release_day

),

judged_releases as (

    select
        sums.release_id,
        sums.use_case,
        sums.release_day,
        sums.window_attempts,
        sums.window_outcomes,
        least(sums.before_outcomes, sums.since_outcomes) >= lever_window.minimum_outcomes
        and least(sums.before_accepted_outcomes, sums.since_accepted_outcomes) > 0 as has_basis,
        {{ ratio('sums.before_' ~ costs | join(' + sums.before_'), 'sums.before_accepted_outcomes') }} as cost_before,
        {{ ratio('sums.since_' ~ costs | join(' + sums.since_'), 'sums.since_accepted_outcomes') }} as cost_since
        {%- for cost in costs %},
        coalesce(cast(sums.window_{{ cost }} as double) - sums.window_accepted_outcomes
        * {{ ratio('sums.before_' ~ cost, 'sums.before_accepted_outcomes') }}, 0) as {{ cost }}_saved
        {%- endfor %}
    from release_sums as sums
    cross join {{ ref('int_lever_window') }} as lever_window

),

words as (

    select
        judged_releases.use_case,
        judged_releases.release_id,
        judged_releases.release_day,
        judged_releases.window_attempts,
        judged_releases.window_outcomes,
        judged_releases.has_basis,
        coalesce(judged_releases.has_basis and judged_releases.cost_since > judged_releases.cost_before, false)
            as is_stopped
        {%- for cost in costs %},
        judged_releases.{{ cost }}_saved
        {%- endfor %},
        case
            when judged_releases.has_basis
                then judged_releases.release_id || ' of ' || cast(judged_releases.release_day as varchar)
                    || ': an accepted outcome cost ' || {{ money_words('judged_releases.cost_before') }}
                    || ' in the {{ var("recent_days") }} days before and ' || {{ money_words('judged_releases.cost_since') }} || ' since'
            else judged_releases.release_id || ': too few outcomes before or since'
        end as evidence
    from judged_releases

)

select
    'quality_gate' as lever,
    words.use_case,
    sum(case when words.is_stopped then words.window_attempts else 0 end) as affected_attempts,
    sum(case when words.is_stopped then words.window_outcomes else 0 end) as affected_outcomes,
    {%- for cost, name in {'inference_cost': 'inference', 'rework_cost': 'rework', 'delay_cost': 'delay'}.items() %}
    cast(sum(case
        when words.is_stopped then cast(words.{{ cost }}_saved * cast(shares.value as double) as decimal(38, 12)) else 0
    end) as decimal(38, 12)) as {{ name }}_saved,
    {%- endfor %}
    cast(0 as decimal(38, 12)) as accepted_change,
    case
        when sum(case when words.is_stopped then 1 else 0 end) > 0 then 'observed'
        when sum(case when words.has_basis then 0 else 1 end) > 0 then 'none'
        else 'nothing_to_change'
    end as basis,
    case
        when sum(case when words.is_stopped then 1 else 0 end) > 0
            then 'A gate stops releases that make an accepted outcome dearer, and '
                || {{ percent_words('max(cast(shares.value as double))') }}
                || ' of the accepted outcomes since cost what they did before. Observed: '
        else 'A gate would have stopped no release. Observed: '
    end || {{ joined_texts('words.evidence', '; ', 'words.release_id') }} || '.' as assumption
from words
inner join {{ ref('int_lever_parameters') }} as shares
    on {{ assumption_applies('shares', 'quality_gate', 'share', 'words.use_case') }}
group by words.use_case
