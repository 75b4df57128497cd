{%- set z_two = z_two_sided() -%}
{%- set z_one = z_one_sided() -%}
{%- set declared = [
    'release_id', 'use_case', 'owner', 'criticality', 'quality_floor', 'objective_share', 'released_at', 'decision_owner',
    'rollback_plan', 'watch_plan', 'impact_assessment', 'quality_margin', 'minimum_outcomes', 'comparison',
    'baseline_from', 'baseline_until', 'candidate_until', 'is_window_complete', 'mixed_outcomes', 'earlier_releases'
] %}
{%- set counts = [
    'outcomes', 'immature_outcomes', 'attempts', 'requests', 'unpriced_attempts', 'sla_outcomes', 'sla_met_outcomes'
] %}

-- One row per release: both sides of the comparison with their differences and the bounds of these. Days count as they
-- are expected to be once their acceptance windows have closed, and are left out until half of their rework has usually
-- arrived. The day is the unit of the variances, since outcomes of one day share its incidents, its case mix and its
-- people; the error of the estimated growth is added as if it struck all days alike. Ratios are bounded on the
-- logarithmic scale by the delta method, with Student's t of the smaller number of days less one; differences of rates by
-- Newcombe's method, rates by Wilson's score.
with grown_days as (

    select
        days.release_id,
        days.arm,
        {%- for count in counts %}
        days.{{ count }},
        {%- endfor %}
        cast(days.accepted_outcomes as double) as accepted_outcomes,
        cast(days.corrected_outcomes as double) as corrected_outcomes,
        days.inference_cost,
        cast(days.inference_cost + days.delay_cost as double) as settled_cost,
        cast(days.rework_cost as double) * coalesce(factors.rework_factor, 1) as grown_rework_cost,
        cast(days.handling_minutes as double) * coalesce(factors.rework_factor, 1) as grown_handling_minutes,
        sqrt(coalesce(factors.rework_factor_variance, 0)) as rework_factor_error,
        coalesce(factors.correction_factor, 1) as correction_factor,
        sqrt(coalesce(factors.correction_factor_variance, 0)) as correction_factor_error
    from {{ ref('int_gate_days') }} as days
    left join {{ ref('int_development_factors') }} as factors
        on
            days.use_case = factors.use_case
            -- The last age that is over; the running one may just have begun.
            and {{ days_between('days.day', day_of(as_of())) }} - 1 = factors.age
    where
        {{ days_between('days.day', day_of(as_of())) }} >= 1
        and coalesce(factors.rework_factor, 1) <= {{ var('gate_maximum_growth') }}

),

-- Exact numbers again, so that no sum depends on the order of its days.
developed_days as (

    select
        release_id,
        arm,
        {%- for count in counts %}
        {{ count }},
        {%- endfor %}
        inference_cost,
        cast(grown_rework_cost as decimal(38, 12)) as rework_cost,
        cast(grown_handling_minutes as decimal(38, 12)) as handling_minutes,
        cast(settled_cost + grown_rework_cost as decimal(38, 12)) as total_cost,
        cast(greatest(accepted_outcomes - corrected_outcomes * (correction_factor - 1), 0) as decimal(38, 12))
            as accepted_outcomes,
        cast(grown_rework_cost * rework_factor_error as decimal(38, 12)) as rework_error,
        cast(corrected_outcomes * correction_factor * correction_factor_error as decimal(38, 12)) as accepted_error
    from grown_days

),

arm_sums as (

    select
        release_id,
        arm,
        count(*) as days,
        {%- for count in counts %}
        cast(sum({{ count }}) as bigint) as {{ count }},
        {%- endfor %}
        sum(inference_cost) as inference_cost,
        sum(total_cost) as total_cost,
        sum(rework_cost) as rework_cost,
        sum(handling_minutes) as handling_minutes,
        sum(accepted_outcomes) as accepted_outcomes,
        sum(rework_error) as rework_error,
        sum(accepted_error) as accepted_error,
        {{ log_ratio_variance('total_cost', 'accepted_outcomes') }} as cost_day_variance,
        {{ log_ratio_variance('rework_cost', 'outcomes') }} as rework_day_variance,
        {{ log_ratio_variance('handling_minutes', 'outcomes') }} as minutes_day_variance,
        {{ log_ratio_variance('accepted_outcomes', 'outcomes') }} as acceptance_day_variance
    from developed_days
    group by release_id, arm

),

arm_rates as (

    select
        release_id,
        arm,
        days,
        {%- for count in counts %}
        {{ count }},
        {%- endfor %}
        cost_day_variance,
        rework_day_variance,
        minutes_day_variance,
        acceptance_day_variance,
        {{ ratio('inference_cost', 'requests') }} as cost_per_request,
        {{ ratio('total_cost', 'accepted_outcomes') }} as cost_per_accepted_outcome,
        {{ ratio('rework_cost', 'outcomes') }} as rework_cost_per_outcome,
        {{ ratio('handling_minutes', 'outcomes') }} as handling_minutes_per_outcome,
        {{ ratio('accepted_outcomes', 'outcomes') }} as acceptance_rate,
        {{ ratio('rework_error', 'total_cost') }} as total_cost_error,
        {{ ratio('rework_error', 'rework_cost') }} as rework_error,
        {{ ratio('accepted_error', 'accepted_outcomes') }} as accepted_error
    from arm_sums

),

arms as (

    select
        release_id,
        arm,
        days,
        {%- for count in counts %}
        {{ count }},
        {%- endfor %}
        cost_per_request,
        cost_per_accepted_outcome,
        rework_cost_per_outcome,
        handling_minutes_per_outcome,
        acceptance_rate,
        round(
            cost_day_variance + power(coalesce(total_cost_error, 0) + coalesce(accepted_error, 0), 2), 12
        ) as cost_log_variance,
        round(rework_day_variance + power(coalesce(rework_error, 0), 2), 12) as rework_log_variance,
        round(minutes_day_variance + power(coalesce(rework_error, 0), 2), 12) as minutes_log_variance,
        -- As many independent outcomes as would give the same variance (Rao and Scott 1992); never more than there are.
        round(outcomes / greatest(1, coalesce(
            {{ ratio(
                'power(acceptance_rate, 2) * (acceptance_day_variance + power(coalesce(accepted_error, 0), 2))',
                'acceptance_rate * (1 - acceptance_rate) / nullif(outcomes, 0)'
            ) }}, 1
        )), 9) as effective_outcomes
    from arm_rates

)

select
    {%- for column in declared %}
    windows.{{ column }},
    {%- endfor %}
    coalesce(windows.history_days, 0) as history_days,
    coalesce(baseline.outcomes, 0) as baseline_outcomes,
    coalesce(candidate.outcomes, 0) as candidate_outcomes,
    coalesce(baseline.days, 0) as baseline_days,
    coalesce(candidate.days, 0) as candidate_days,
    coalesce(baseline.immature_outcomes, 0) + coalesce(candidate.immature_outcomes, 0) as immature_outcomes,
    greatest(
        {{ ratio('baseline.unpriced_attempts', 'baseline.attempts') }},
        {{ ratio('candidate.unpriced_attempts', 'candidate.attempts') }}
    ) as unpriced_share,
    baseline.cost_per_request as baseline_cost_per_request,
    candidate.cost_per_request as candidate_cost_per_request,
    baseline.cost_per_accepted_outcome as baseline_cost,
    candidate.cost_per_accepted_outcome as candidate_cost,
    {{ ratio_with_bounds('cost_per_accepted_outcome', 'cost_log_variance', z_two, 'cost') }},
    baseline.rework_cost_per_outcome as baseline_rework,
    candidate.rework_cost_per_outcome as candidate_rework,
    {{ ratio_with_bounds('rework_cost_per_outcome', 'rework_log_variance', z_one, 'rework') }},
    baseline.handling_minutes_per_outcome as baseline_minutes,
    candidate.handling_minutes_per_outcome as candidate_minutes,
    {{ ratio_with_bounds('handling_minutes_per_outcome', 'minutes_log_variance', z_one, 'minutes') }},
    baseline.acceptance_rate as baseline_acceptance,
    candidate.acceptance_rate as candidate_acceptance,
    candidate.acceptance_rate - baseline.acceptance_rate as acceptance_change,
    {%- for bound, sign in [('lower', '-'), ('upper', '+')] %}
    {{ newcombe_bound(
        'candidate.acceptance_rate', 'candidate.effective_outcomes', 'baseline.acceptance_rate',
        'baseline.effective_outcomes', z_one, sign
    ) }} as acceptance_change_{{ bound }},
    {{ wilson_bound('candidate.acceptance_rate', 'candidate.effective_outcomes', z_one, sign) }}
        as acceptance_{{ bound }},
    {{ wilson_bound(
        ratio('candidate.sla_met_outcomes', 'candidate.sla_outcomes'), 'candidate.sla_outcomes', z_one,
        sign
    ) }} as attainment_{{ bound }},
    {%- endfor %}
    candidate.sla_outcomes,
    {{ ratio('baseline.sla_met_outcomes', 'baseline.sla_outcomes') }} as baseline_attainment,
    {{ ratio('candidate.sla_met_outcomes', 'candidate.sla_outcomes') }} as candidate_attainment,
    baseline_times.response_time_p95_ms as baseline_response_ms,
    candidate_times.response_time_p95_ms as candidate_response_ms,
    candidate_times.promised_ms,
    coalesce(windows.history_days, 0) >= {{ var('gate_days') }} as has_baseline,
    coalesce(
        windows.history_days >= {{ var('gate_days') }}
        and least(baseline.outcomes, candidate.outcomes) >= greatest(coalesce(windows.minimum_outcomes, 1), 1)
        and least(baseline.days, candidate.days) >= {{ var('gate_minimum_days') }},
        false
    ) as has_evidence,
    coalesce({{ ratio('baseline.unpriced_attempts', 'baseline.attempts') }}, 0) <= {{ var('gate_unpriced_share') }}
    and coalesce({{ ratio('candidate.unpriced_attempts', 'candidate.attempts') }}, 0)
    <= {{ var('gate_unpriced_share') }} as has_known_cost,
    coalesce(
        candidate_times.promised_ms,
        baseline_times.response_time_p95_ms * (1 + {{ var('gate_response_margin') }})
    ) as response_target_ms
from {{ ref('int_gate_windows') }} as windows
left join arms as baseline
    on
        windows.release_id = baseline.release_id
        and baseline.arm = 'baseline'
left join arms as candidate
    on
        windows.release_id = candidate.release_id
        and candidate.arm = 'candidate'
left join {{ ref('int_gate_response_times') }} as baseline_times
    on
        windows.release_id = baseline_times.release_id
        and baseline_times.arm = 'baseline'
left join {{ ref('int_gate_response_times') }} as candidate_times
    on
        windows.release_id = candidate_times.release_id
        and candidate_times.arm = 'candidate'
