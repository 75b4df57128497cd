{{ config(materialized='incremental', incremental_strategy='replace_days') }}

{%- set measures = [
    'requests', 'failed_attempts', 'outcomes', 'accepted_outcomes', 'inference_cost', 'failed_cost', 'rework_cost',
    'delay_cost', 'failed_delay_cost'
] %}

-- Guarantees one row per day, use case and task class with anything on it, cohort basis: what its requests and outcomes
-- cost, and how much of it stands beside attempts that failed. An outcome is of the class of its first request.
with ranked_requests as (

    select
        use_case,
        outcome_id,
        task_class,
        row_number() over (
            partition by use_case, outcome_id order by started_at, source, request_id
        ) as request_no
    from {{ ref('requests') }}
    where
        outcome_id is not null
        {{ and_in_rebuild_days('cohort_day') }}

),

outcome_classes as (

    select
        use_case,
        outcome_id,
        coalesce(task_class, 'undeclared') as task_class
    from ranked_requests
    where request_no = 1

),

classed_requests as (

    select
        requests.cohort_day as day,
        requests.use_case,
        coalesce(classes.task_class, requests.task_class, 'undeclared') as task_class,
        requests.source,
        requests.request_id,
        requests.inference_cost
    from {{ ref('requests') }} as requests
    left join outcome_classes as classes
        on
            requests.use_case = classes.use_case
            and requests.outcome_id = classes.outcome_id
    where true {{ and_in_rebuild_days('requests.cohort_day') }}

),

request_sums as (

    select
        day,
        use_case,
        task_class,
        count(*) as requests,
        sum(inference_cost) as inference_cost
    from classed_requests
    group by day, use_case, task_class

),

failure_sums as (

    select
        requests.day,
        requests.use_case,
        requests.task_class,
        count(*) as failed_attempts,
        sum(attempts.cost) as failed_cost
    from {{ ref('attempts') }} as attempts
    inner join classed_requests as requests
        on
            attempts.source = requests.source
            and attempts.request_id = requests.request_id
    where attempts.status <> 'success'
    group by requests.day, requests.use_case, requests.task_class

),

outcome_sums as (

    select
        outcomes.day,
        outcomes.use_case,
        coalesce(classes.task_class, 'undeclared') as task_class,
        sum(case when outcomes.is_complete then 1 else 0 end) as outcomes,
        sum(case when outcomes.state = 'accepted' then 1 else 0 end) as accepted_outcomes,
        sum(outcomes.rework_cost) as rework_cost,
        sum(outcomes.delay_cost) as delay_cost,
        sum(case when outcomes.retried_requests > 0 then outcomes.delay_cost else 0 end) as failed_delay_cost
    from {{ ref('outcomes') }} as outcomes
    left join outcome_classes as classes
        on
            outcomes.use_case = classes.use_case
            and outcomes.outcome_id = classes.outcome_id
    where true {{ and_in_rebuild_days('outcomes.day') }}
    group by outcomes.day, outcomes.use_case, coalesce(classes.task_class, 'undeclared')

),

{%- set parts = {
    'request_sums': ['requests', 'inference_cost'],
    'failure_sums': ['failed_attempts', 'failed_cost'],
    'outcome_sums': ['outcomes', 'accepted_outcomes', 'rework_cost', 'delay_cost', 'failed_delay_cost']
} %}

all_parts as (
{% for part, own in parts.items() %}
    select
        day,
        use_case,
        task_class
        {%- for measure in measures %},
        {{ measure if measure in own else '0' }} as {{ measure }}
        {%- endfor %}
    from {{ part }}
    {{ 'union all' if not loop.last }}
{%- endfor %}
)

select
    day,
    use_case,
    task_class
    {%- for measure in measures %},
    cast(
        coalesce(sum({{ measure }}), 0) as {{ 'decimal(38, 12)' if measure.endswith('cost') else 'bigint' }}
    ) as {{ measure }}
    {%- endfor %}
from all_parts
group by day, use_case, task_class
