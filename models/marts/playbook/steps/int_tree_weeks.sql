-- One row per week, use case and scope (`all`, or one task class) with requests: what a request and an accepted outcome
-- cost, what of it failures took, and the same over the four weeks before. Cohort basis. For `all`, rework and accepted
-- outcomes are developed, so that a young week does not look cheap; for a class they are as of now.
with scope_days as (

    select
        day,
        use_case,
        'all' as scope,
        requests,
        inference_cost,
        inference_cost + developed_rework_cost + delay_cost as total_cost,
        developed_accepted_outcomes as accepted_outcomes,
        0 as failed_attempts,
        0 as failed_cost,
        0 as failed_delay_cost,
        retried_requests
    from {{ ref('int_developed_days') }}

    union all

    select
        day,
        use_case,
        'all' as scope,
        0 as requests,
        0 as inference_cost,
        0 as total_cost,
        0 as accepted_outcomes,
        failed_attempts,
        failed_cost,
        failed_delay_cost,
        0 as retried_requests
    from {{ ref('int_task_class_days') }}

    union all

    select
        day,
        use_case,
        task_class as scope,
        requests,
        inference_cost,
        inference_cost + rework_cost + delay_cost as total_cost,
        accepted_outcomes,
        failed_attempts,
        failed_cost,
        failed_delay_cost,
        0 as retried_requests
    from {{ ref('int_task_class_days') }}

),

{%- set measures = [
    'requests', 'inference_cost', 'total_cost', 'accepted_outcomes', 'failed_attempts', 'failed_cost',
    'failed_delay_cost', 'retried_requests'
] %}

weeks as (

    select
        {{ period_start('day', 'week') }} as week,
        use_case,
        scope,
        max(day) as latest_day
        {%- for measure in measures %},
        sum({{ measure }}) as {{ measure }}
        {%- endfor %}
    from scope_days
    group by 1, 2, 3

),

unit_costs as (

    select
        week,
        use_case,
        scope,
        latest_day
        {%- for measure in measures %},
        {{ measure }}
        {%- endfor %},
        {{ ratio('inference_cost', 'requests') }} as cost_per_request,
        {{ ratio('total_cost', 'accepted_outcomes') }} as cost_per_accepted_outcome
    from weeks

),

compared_weeks as (

    select
        week,
        use_case,
        scope,
        latest_day,
        cost_per_request,
        cost_per_accepted_outcome,
        max(cost_per_request) over before as highest_cost_per_request,
        max(cost_per_accepted_outcome) over before as highest_cost_per_accepted_outcome
        {%- for measure in measures %},
        {{ measure }},
        sum({{ measure }}) over before as baseline_{{ measure }}
        {%- endfor %},
        sum(case when requests > 0 then 1 else 0 end) over before as baseline_weeks
    from unit_costs
    window
        before as (
            partition by use_case, scope
            order by week
            range between interval {{ 7 * (var('tree_baseline_weeks') | int) }} days preceding
            and interval 7 days preceding
        )

)

select
    week,
    use_case,
    scope,
    latest_day,
    cast(requests as bigint) as requests,
    cast(coalesce(baseline_weeks, 0) as integer) as baseline_weeks,
    cast(failed_attempts as bigint) as failed_attempts,
    cost_per_request,
    cost_per_accepted_outcome,
    {{ ratio('baseline_inference_cost', 'baseline_requests') }} as baseline_cost_per_request,
    {{ ratio('baseline_total_cost', 'baseline_accepted_outcomes') }} as baseline_cost_per_accepted_outcome,
    highest_cost_per_request,
    highest_cost_per_accepted_outcome,
    {{ ratio('retried_requests', 'requests') }} as retry_rate,
    {{ ratio('baseline_retried_requests', 'baseline_requests') }} as baseline_retry_rate
    {%- for side in ['', 'baseline_'] %},
    {{ ratio(side ~ 'failed_cost', side ~ 'requests') }} as {{ side }}failed_cost_per_request,
    {{ ratio('(' ~ side ~ 'failed_cost + ' ~ side ~ 'failed_delay_cost)', side ~ 'accepted_outcomes') }}
        as {{ side }}failed_cost_per_accepted_outcome
    {%- endfor %}
from compared_weeks
where requests > 0
