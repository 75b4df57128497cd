{#- Response times per period and use case, cohort basis, interpolated linearly over the requests of the period.
    `grain`: day, week or month. Requests whose end is unknown are left out. -#}
{% macro response_times(grain) %}
select
    {{ period_start('cohort_day', grain) }} as period_start,
    use_case,
    {{ percentile('response_time_ms', 0.5) }} as response_time_p50_ms,
    {{ percentile('response_time_ms', 0.95) }} as response_time_p95_ms,
    {{ percentile('response_time_ms', 0.99) }} as response_time_p99_ms
from {{ ref('requests') }}
where
    response_time_ms is not null
    {{ and_in_rebuild_days(period_start('cohort_day', grain), grain=grain) }}
group by 1, 2
{% endmacro %}


{#- The use-case mart of one grain: sums of its days, then every ratio once, from the sums. What a day bears of costs that
    no log has stands beside the total, never in it. Owner and criticality are those of the period's latest day. `period_column` names the period: day, week or month. -#}
{% macro use_case_periods(period_column, response_time_model) %}
{%- set counts = [
    'attempts', 'requests', 'retried_requests', 'outcomes', 'open_outcomes', 'accepted_outcomes',
    'corrected_outcomes', 'rejected_outcomes', 'provisional_outcomes', 'full_review_outcomes', 'sla_outcomes',
    'sla_met_outcomes', 'reached_attempts', 'reached_context_tokens', 'premium_attempts', 'unpriced_attempts',
    'uncosted_tickets', 'uncosted_delays'
] %}
{%- set amounts = [
    'inference_cost', 'rework_cost', 'delay_cost', 'open_cost', 'reached_cost', 'premium_cost'
] %}
with day_sums as (

    select
        day,
        use_case,
        {%- for column in counts + amounts %}
        {{ column }},
        {%- endfor %}
        developed_rework_cost,
        developed_accepted_outcomes,
        0 as shared_costs,
        cast(null as decimal(38, 12)) as shared_cost
    from {{ ref('int_developed_days') }}

    union all

    -- A use case may bear a cost on a day without any traffic.
    select
        day,
        use_case,
        {%- for column in counts + amounts %}
        0 as {{ column }},
        {%- endfor %}
        0 as developed_rework_cost,
        0 as developed_accepted_outcomes,
        1 as shared_costs,
        shared_cost
    from {{ ref('shared_costs') }}

),

period_sums as (

    select
        {{ period_start('day', period_column) }} as {{ period_column }},
        use_case,
        max(day) as latest_day,
        {%- for count in counts %}
        cast(sum({{ count }}) as bigint) as {{ count }},
        {%- endfor %}
        {%- for amount in amounts %}
        cast(sum({{ amount }}) as decimal(38, 12)) as {{ amount }},
        {%- endfor %}
        sum(developed_rework_cost) as developed_rework_cost,
        sum(developed_accepted_outcomes) as developed_accepted_outcomes,
        cast(case when sum(shared_costs) = 0 then 0 else sum(shared_cost) end as decimal(38, 12)) as shared_cost,
        cast(sum(shared_costs) - count(shared_cost) as bigint) as uncosted_shared_costs
    from day_sums
    group by 1, 2

),

placed_periods as (

    select
        period_sums.{{ period_column }},
        period_sums.use_case,
        coalesce(use_cases.owner, 'unowned') as owner,
        use_cases.criticality,
        {%- for count in counts %}
        period_sums.{{ count }},
        {%- endfor %}
        {%- for amount in amounts %}
        period_sums.{{ amount }},
        {%- endfor %}
        cast(
            period_sums.inference_cost + period_sums.rework_cost + period_sums.delay_cost as decimal(38, 12)
        ) as total_cost,
        period_sums.developed_rework_cost,
        period_sums.developed_accepted_outcomes,
        period_sums.shared_cost,
        period_sums.uncosted_shared_costs,
        response_times.response_time_p50_ms,
        response_times.response_time_p95_ms,
        response_times.response_time_p99_ms
    from period_sums
    left join {{ ref('stg_reference__use_cases') }} as use_cases
        on
            period_sums.use_case = use_cases.use_case
            and {{ start_of_day('period_sums.latest_day') }} >= use_cases.valid_from
            and {{ start_of_day('period_sums.latest_day') }} < use_cases.valid_to
    left join {{ ref(response_time_model) }} as response_times
        on
            period_sums.{{ period_column }} = response_times.period_start
            and period_sums.use_case = response_times.use_case

)

select
    {{ period_column }},
    use_case,
    owner,
    criticality,
    attempts,
    requests,
    retried_requests,
    outcomes,
    open_outcomes,
    accepted_outcomes,
    corrected_outcomes,
    rejected_outcomes,
    {{ ratio('provisional_outcomes', 'accepted_outcomes') }} as provisional_share,
    inference_cost,
    rework_cost,
    delay_cost,
    total_cost,
    open_cost,
    unpriced_attempts,
    {{ ratio('inference_cost', 'requests') }} as cost_per_request,
    {{ ratio('total_cost', 'accepted_outcomes') }} as cost_per_accepted_outcome,
    {{ ratio('inference_cost + developed_rework_cost + delay_cost', 'developed_accepted_outcomes') }}
        as developed_cost_per_accepted_outcome,
    {{ ratio('accepted_outcomes', 'outcomes') }} as acceptance_rate,
    {{ ratio('retried_requests', 'requests') }} as retry_rate,
    {{ ratio('reached_context_tokens', 'reached_attempts') }} as avg_context_tokens,
    {{ ratio('premium_attempts', 'reached_attempts') }} as premium_traffic_share,
    {{ ratio('premium_cost', 'reached_cost') }} as premium_cost_share,
    response_time_p50_ms,
    response_time_p95_ms,
    response_time_p99_ms,
    {{ ratio('sla_met_outcomes', 'sla_outcomes') }} as sla_attainment,
    {{ ratio('full_review_outcomes', 'outcomes') }} as full_human_review_rate,
    provisional_outcomes,
    full_review_outcomes,
    sla_outcomes,
    sla_met_outcomes,
    reached_attempts,
    reached_context_tokens,
    premium_attempts,
    reached_cost,
    premium_cost,
    uncosted_tickets,
    uncosted_delays,
    shared_cost,
    {{ ratio('total_cost + shared_cost', 'accepted_outcomes') }} as loaded_cost_per_accepted_outcome,
    uncosted_shared_costs
from placed_periods
{% endmacro %}
