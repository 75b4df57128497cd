{%- set z_two = z_two_sided() -%}
{%- set z_one = z_one_sided() -%}

-- One row per release: both sides of the comparison with their differences and the bounds of these. Ratios are bounded
-- on the logarithmic scale by the delta method, with Student's t of the smaller number of days less one; differences of
-- rates by Newcombe's method, rates by Wilson's score.
select
    windows.release_id,
    windows.use_case,
    windows.owner,
    windows.criticality,
    windows.quality_floor,
    windows.objective_share,
    windows.released_at,
    windows.decision_owner,
    windows.rollback_plan,
    windows.watch_plan,
    windows.impact_assessment,
    windows.quality_margin,
    windows.minimum_outcomes,
    windows.comparison,
    windows.baseline_from,
    windows.baseline_until,
    windows.candidate_until,
    windows.is_window_complete,
    windows.mixed_outcomes,
    windows.earlier_releases,
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
left join {{ ref('int_gate_arms') }} as baseline
    on
        windows.release_id = baseline.release_id
        and baseline.arm = 'baseline'
left join {{ ref('int_gate_arms') }} as candidate
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
