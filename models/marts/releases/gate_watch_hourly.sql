{%- set z = z_watch() -%}
{%- set shares = [('bad_outcomes', 'outcomes'), ('failed_requests', 'requests'), ('slow_requests', 'requests')] -%}

-- Guarantees one row per release and hour of the first 72 that has begun as of the run: what was known by the end of
-- that hour (by the run, for the hour still running), the same of the baseline at equal age, and whether to roll back.
-- Bounds are three standard deviations wide, because the watch looks up to 72 times.
with hours as (

    select
        windows.release_id,
        windows.use_case,
        windows.released_at,
        windows.comparison,
        coalesce(windows.quality_margin, 0) as quality_margin,
        numbers.number as hour_number,
        {{ add_microseconds('windows.released_at', 'numbers.number * 3600000000') }} as hour_ends_at
    from {{ ref('int_gate_windows') }} as windows
    inner join {{ ref('int_numbers') }} as numbers on numbers.number between 1 and {{ var('watch_hours') }}
    where {{ add_microseconds('windows.released_at', '(numbers.number - 1) * 3600000000') }} < {{ as_of() }}

),

-- Sums of products over hours: what the variance of a ratio is made of.
hourly_sums as (

    select
        release_id,
        arm,
        hour_number,
        sum(outcomes) as outcomes,
        sum(bad_outcomes) as bad_outcomes,
        sum(requests) as requests,
        sum(failed_requests) as failed_requests,
        sum(slow_requests) as slow_requests,
        sum(inference_cost) as inference_cost,
        sum(rework_cost) as rework_cost,
        sum(power(cast(inference_cost + rework_cost as double), 2)) as cost_squares,
        sum(cast(inference_cost + rework_cost as double) * (outcomes - bad_outcomes)) as cost_products,
        sum(power(outcomes - bad_outcomes, 2)) as accepted_squares
    from {{ ref('int_watch_events') }}
    group by release_id, arm, hour_number

),

{%- set measures = [
    'outcomes', 'bad_outcomes', 'requests', 'failed_requests', 'slow_requests', 'inference_cost', 'rework_cost',
    'cost_squares', 'cost_products', 'accepted_squares'
] %}

seen_so_far as (

    select
        hours.release_id,
        hours.hour_number,
        {%- for arm in ['candidate', 'baseline'] %}
        {%- for measure in measures %}
        coalesce(sum(case when hourly_sums.arm = '{{ arm }}' then hourly_sums.{{ measure }} end), 0)
            as {{ arm }}_{{ measure }}{{ ',' if measure != measures[-1] or arm == 'candidate' }}
        {%- endfor %}
        {%- endfor %}
    from hours
    left join hourly_sums
        on
            hours.release_id = hourly_sums.release_id
            and hours.hour_number >= hourly_sums.hour_number
    group by hours.release_id, hours.hour_number

),

rates as (

    select
        hours.release_id,
        hours.use_case,
        hours.comparison,
        hours.quality_margin,
        hours.hour_number,
        hours.hour_ends_at,
        {%- for arm in ['candidate', 'baseline'] %}
        seen_so_far.{{ arm }}_outcomes,
        seen_so_far.{{ arm }}_requests,
        {%- for part, whole in shares %}
        {{ ratio('seen_so_far.' ~ arm ~ '_' ~ part, 'seen_so_far.' ~ arm ~ '_' ~ whole) }} as {{ arm }}_{{ part }}_share,
        {%- endfor %}
        {{ ratio('seen_so_far.' ~ arm ~ '_inference_cost', 'seen_so_far.' ~ arm ~ '_requests') }}
            as {{ arm }}_cost_per_request,
        {{ ratio(
            '(seen_so_far.' ~ arm ~ '_inference_cost + seen_so_far.' ~ arm ~ '_rework_cost)',
            '(seen_so_far.' ~ arm ~ '_outcomes - seen_so_far.' ~ arm ~ '_bad_outcomes)'
        ) }} as {{ arm }}_cost_per_accepted,
        greatest(
            seen_so_far.{{ arm }}_cost_squares / nullif(power(cast(
                seen_so_far.{{ arm }}_inference_cost + seen_so_far.{{ arm }}_rework_cost as double
            ), 2), 0)
            - 2 * seen_so_far.{{ arm }}_cost_products / nullif(cast(
                seen_so_far.{{ arm }}_inference_cost + seen_so_far.{{ arm }}_rework_cost as double
            ) * (seen_so_far.{{ arm }}_outcomes - seen_so_far.{{ arm }}_bad_outcomes), 0)
            + seen_so_far.{{ arm }}_accepted_squares / nullif(power(
                seen_so_far.{{ arm }}_outcomes - seen_so_far.{{ arm }}_bad_outcomes, 2
            ), 0),
            case when seen_so_far.{{ arm }}_outcomes > seen_so_far.{{ arm }}_bad_outcomes then 0 end
        ) as {{ arm }}_cost_log_variance{{ ',' if arm == 'candidate' }}
        {%- endfor %}
    from hours
    inner join seen_so_far
        on
            hours.release_id = seen_so_far.release_id
            and hours.hour_number = seen_so_far.hour_number

),

bounds as (

    select
        release_id,
        hour_number,
        {{ ratio('candidate_cost_per_accepted', 'baseline_cost_per_accepted') }} as cost_ratio,
        {{ ratio('candidate_cost_per_accepted', 'baseline_cost_per_accepted') }}
        * exp(-{{ z }} * sqrt(candidate_cost_log_variance + baseline_cost_log_variance)) as cost_ratio_lower,
        {%- for part, whole in shares %}
        {{ newcombe_bound(
            'candidate_' ~ part ~ '_share', 'candidate_' ~ whole, 'baseline_' ~ part ~ '_share', 'baseline_' ~ whole, z, '-'
        ) }} as {{ part }}_change_lower,
        {%- endfor %}
        least(candidate_outcomes, baseline_outcomes) >= {{ var('watch_minimum_outcomes') }} as has_evidence,
        least(candidate_outcomes, baseline_outcomes) >= {{ var('watch_minimum_outcomes') }}
        and hour_number >= {{ var('watch_cost_hours') }} as has_cost_evidence
    from rates

),

findings as (

    select
        rates.release_id,
        rates.hour_number,
        coalesce(bounds.has_evidence, false) as has_evidence,
        coalesce(
            bounds.has_evidence
            and bounds.bad_outcomes_change_lower > 0
            and rates.candidate_bad_outcomes_share - rates.baseline_bad_outcomes_share > rates.quality_margin,
            false
        ) as is_quality_worse,
        coalesce(
            bounds.has_evidence
            and bounds.failed_requests_change_lower > 0
            and rates.candidate_failed_requests_share - rates.baseline_failed_requests_share > rates.quality_margin,
            false
        ) as is_failing,
        coalesce(
            bounds.has_evidence
            and bounds.slow_requests_change_lower > 0
            and rates.candidate_slow_requests_share > {{ var('watch_slow_factor') }} * rates.baseline_slow_requests_share,
            false
        ) as is_slower,
        coalesce(bounds.has_cost_evidence and bounds.cost_ratio_lower > 1, false) as is_dearer
    from rates
    inner join bounds
        on
            rates.release_id = bounds.release_id
            and rates.hour_number = bounds.hour_number

)

select
    rates.release_id,
    rates.use_case,
    cast(rates.hour_number as integer) as hour_number,
    rates.hour_ends_at,
    rates.comparison,
    cast(rates.candidate_outcomes as bigint) as candidate_outcomes,
    cast(rates.baseline_outcomes as bigint) as baseline_outcomes,
    cast(rates.candidate_requests as bigint) as candidate_requests,
    cast(rates.baseline_requests as bigint) as baseline_requests,
    round(rates.candidate_cost_per_request, 9) as candidate_cost_per_request,
    round(rates.baseline_cost_per_request, 9) as baseline_cost_per_request,
    round(rates.candidate_cost_per_accepted, 9) as candidate_cost_per_accepted_outcome,
    round(rates.baseline_cost_per_accepted, 9) as baseline_cost_per_accepted_outcome,
    round(bounds.cost_ratio_lower, 9) as cost_ratio_lower,
    {%- for part, whole in shares %}
    round(rates.candidate_{{ part }}_share, 9) as candidate_{{ part }}_share,
    round(rates.baseline_{{ part }}_share, 9) as baseline_{{ part }}_share,
    round(bounds.{{ part }}_change_lower, 9) as {{ part }}_change_lower,
    {%- endfor %}
    case
        when findings.is_quality_worse or findings.is_failing or findings.is_slower or findings.is_dearer then 'rollback'
        when findings.has_evidence then 'keep'
        else 'too_early'
    end as recommendation,
    case
        when findings.is_quality_worse or findings.is_failing or findings.is_slower or findings.is_dearer
            then trim(
                case
                    when findings.is_quality_worse
                        then 'rejected or critically corrected outcomes rose from '
                            || {{ number_text('100 * rates.baseline_bad_outcomes_share', 1) }} || ' to '
                            || {{ number_text('100 * rates.candidate_bad_outcomes_share', 1) }} || ' %. '
                    else ''
                end
                || case
                    when findings.is_failing
                        then 'failed requests rose from '
                            || {{ number_text('100 * rates.baseline_failed_requests_share', 1) }} || ' to '
                            || {{ number_text('100 * rates.candidate_failed_requests_share', 1) }} || ' %. '
                    else ''
                end
                || case
                    when findings.is_slower
                        then 'requests slower than the p95 of the baseline rose from '
                            || {{ number_text('100 * rates.baseline_slow_requests_share', 1) }} || ' to '
                            || {{ number_text('100 * rates.candidate_slow_requests_share', 1) }} || ' %. '
                    else ''
                end
                || case
                    when findings.is_dearer
                        then 'cost per accepted outcome so far rose from '
                            || {{ number_text('rates.baseline_cost_per_accepted', 4) }} || ' to '
                            || {{ number_text('rates.candidate_cost_per_accepted', 4) }} || '. '
                    else ''
                end
            )
        when findings.has_evidence then 'nothing is worse than before beyond chance and margin'
        else 'fewer than {{ var("watch_minimum_outcomes") }} outcomes on one side'
    end as reason
from rates
inner join bounds
    on
        rates.release_id = bounds.release_id
        and rates.hour_number = bounds.hour_number
inner join findings
    on
        rates.release_id = findings.release_id
        and rates.hour_number = findings.hour_number
