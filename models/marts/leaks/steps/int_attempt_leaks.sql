{{ config(
    materialized='incremental', incremental_strategy='replace_days', rebuild_days_model='int_leak_days'
) }}

{%- set carried = [
    'day', 'cohort_day', 'source', 'attempt_id', 'request_id', 'outcome_id', 'use_case', 'cost'
] %}
{%- set last_attempt = composite(['attempts.started_at', 'attempts.finished_at', 'attempts.attempt_id']) %}

-- Guarantees one row per attempt, on the day it started: its cost split into the five leaks in waterfall order and what
-- was productive, each unit of money once, and beside it each leak's gross amount (counted alone, so amounts overlap).
-- The amounts of an attempt add up to its cost exactly; of an unpriced one they are null.
with requests_in_scope as (

    select distinct
        source,
        request_id
    from {{ ref('int_attempt_parts') }}
    where true {{ and_in_days_of('int_leak_days', 'day') }}

),

-- Most requests have one attempt, which is the answer when it succeeded.
repeated_requests as (

    select
        attempts.source,
        attempts.request_id
    from {{ ref('int_attempt_parts') }} as attempts
    {%- if is_incremental() %}
    inner join requests_in_scope
        on
            attempts.source = requests_in_scope.source
            and attempts.request_id = requests_in_scope.request_id
    {%- endif %}
    group by attempts.source, attempts.request_id
    having count(*) > 1

),

-- The answer that was used is that of the request's last successful attempt.
used_answers as (

    select
        attempts.source,
        attempts.request_id,
        min(attempts.started_at) as request_started_at,
        max_by(attempts.attempt_id, {{ last_attempt }}) filter (where attempts.status = 'success') as used_attempt_id
    from {{ ref('int_attempt_parts') }} as attempts
    inner join repeated_requests
        on
            attempts.source = repeated_requests.source
            and attempts.request_id = repeated_requests.request_id
    group by attempts.source, attempts.request_id

),

attempts as (

    select
        attempts.day,
        attempts.cohort_day,
        attempts.source,
        attempts.attempt_id,
        attempts.request_id,
        attempts.outcome_id,
        attempts.use_case,
        attempts.cache_hit,
        attempts.input_valid,
        attempts.prompt_hash,
        attempts.context_tokens,
        attempts.context_limit,
        attempts.cache_lifetime_hours,
        attempts.has_parts,
        attempts.input_cost + attempts.cache_read_cost + attempts.cache_write_cost + attempts.cache_write_1h_cost
            as context_cost,
        attempts.reference_cost,
        attempts.tier = 'premium' and attempts.task_class in ('B', 'C') as is_over_served,
        attempts.cost,
        coalesce(used_answers.request_started_at, attempts.started_at) as request_started_at,
        case
            when used_answers.request_id is null then attempts.status = 'success'
            else coalesce(attempts.attempt_id = used_answers.used_attempt_id, false)
        end as is_used_answer
    from {{ ref('int_attempt_parts') }} as attempts
    left join used_answers
        on
            attempts.source = used_answers.source
            and attempts.request_id = used_answers.request_id
    where true {{ and_in_days_of('int_leak_days', 'attempts.day') }}

),

asked_times as (

    select
        min({{ day_of('request_started_at') }}) as first_day,
        max({{ day_of('request_started_at') }}) as last_day
    from attempts
    where prompt_hash is not null

),

-- A prompt that was sent once was not answered before.
repeated_prompts as (

    select
        answers.use_case,
        answers.prompt_hash
    from {{ ref('int_attempt_parts') }} as answers
    cross join asked_times
    where
        answers.prompt_hash is not null
        and answers.finished_day >= {{ add_days('asked_times.first_day', '-' ~ cache_lifetime_days()) }}
    group by answers.use_case, answers.prompt_hash
    having count(*) > 1

),

-- Answers of models and the beginnings of requests on one line of time, per use case and prompt. An answer from a cache
-- is not computed again and keeps its age, so it does not count as one.
prompt_events as (

    select distinct
        attempts.use_case,
        attempts.prompt_hash,
        attempts.request_started_at as happened_at,
        0 as is_answer
    from attempts
    inner join repeated_prompts
        on
            attempts.use_case = repeated_prompts.use_case
            and attempts.prompt_hash = repeated_prompts.prompt_hash

    union all

    select distinct
        answers.use_case,
        answers.prompt_hash,
        answers.finished_at as happened_at,
        1 as is_answer
    from {{ ref('int_attempt_parts') }} as answers
    inner join repeated_prompts
        on
            answers.use_case = repeated_prompts.use_case
            and answers.prompt_hash = repeated_prompts.prompt_hash
    cross join asked_times
    where
        answers.status = 'success'
        and not answers.cache_hit
        and answers.finished_day >= {{ add_days('asked_times.first_day', '-' ~ cache_lifetime_days()) }}
        and answers.finished_day <= asked_times.last_day

),

earlier_answers as (

    select
        use_case,
        prompt_hash,
        happened_at,
        is_answer,
        max(case when is_answer = 1 then happened_at end) over (
            partition by use_case, prompt_hash
            order by happened_at, is_answer
            rows between unbounded preceding and current row
        ) as answered_at
    from prompt_events

),

input_complaints as (

    select distinct
        use_case,
        outcome_id
    from {{ ref('int_ticket_links') }}
    where
        cause = 'input'
        and status <> 'void'
        and outcome_id is not null

),

gross_amounts as (

    select
        attempts.day,
        attempts.cohort_day,
        attempts.source,
        attempts.attempt_id,
        attempts.request_id,
        attempts.outcome_id,
        attempts.use_case,
        attempts.cost,
        case when attempts.is_used_answer then 0 else greatest(attempts.cost, 0) end as inefficient_fallback_gross,
        case
            when attempts.cache_hit then 0
            when {{ microseconds_between('earlier_answers.answered_at', 'attempts.request_started_at') }}
                < attempts.cache_lifetime_hours * 3600000000
                then greatest(attempts.cost, 0)
            else 0
        end as weak_cache_gross,
        case
            when not attempts.input_valid or input_complaints.outcome_id is not null then greatest(attempts.cost, 0)
            else 0
        end as poor_input_gross,
        case
            when attempts.is_over_served and attempts.reference_cost is not null
                then greatest(attempts.cost - greatest(attempts.reference_cost, 0), 0)
            else 0
        end as no_segmentation_gross,
        case
            when attempts.has_parts and attempts.context_tokens > attempts.context_limit
                then least({{ exact_quotient(
                    [['attempts.context_cost', 12], ['attempts.context_tokens - attempts.context_limit', 0]],
                    'attempts.context_tokens'
                ) }}, greatest(attempts.cost, 0))
            else 0
        end as excess_context_gross,
        attempts.cost > 0
        and (
            (attempts.is_over_served and attempts.reference_cost is null)
            or (attempts.context_tokens > attempts.context_limit and not attempts.has_parts)
        ) as is_unvalued
    from attempts
    left join earlier_answers
        on
            attempts.use_case = earlier_answers.use_case
            and attempts.prompt_hash = earlier_answers.prompt_hash
            and attempts.request_started_at = earlier_answers.happened_at
            and earlier_answers.is_answer = 0
    left join input_complaints
        on
            attempts.use_case = input_complaints.use_case
            and attempts.outcome_id = input_complaints.outcome_id

),

-- The first three take the whole cost of an attempt, so what reaches the fourth is all of it or nothing.
whole_cost_leaks as (

    select
        {%- for column in carried %}
        {{ column }},
        {%- endfor %}
        {%- for leak in leaks() %}
        {{ leak }}_gross,
        {%- endfor %}
        is_unvalued,
        inefficient_fallback_gross as inefficient_fallback,
        case when inefficient_fallback_gross = 0 then weak_cache_gross else 0 end as weak_cache,
        case when inefficient_fallback_gross + weak_cache_gross = 0 then poor_input_gross else 0 end as poor_input,
        case
            when inefficient_fallback_gross + weak_cache_gross + poor_input_gross = 0 then no_segmentation_gross
            else 0
        end as no_segmentation
    from gross_amounts

),

remaining_costs as (

    select
        {%- for column in carried %}
        {{ column }},
        {%- endfor %}
        {%- for leak in leaks() %}
        {{ leak }}_gross,
        {%- endfor %}
        is_unvalued,
        inefficient_fallback,
        weak_cache,
        poor_input,
        no_segmentation,
        cost - inefficient_fallback - weak_cache - poor_input - no_segmentation as remaining_cost
    from whole_cost_leaks

),

-- Context tokens above the limit have already lost, with every other token of the call, what no_segmentation took.
split_costs as (

    select
        {%- for column in carried %}
        {{ column }},
        {%- endfor %}
        {%- for leak in leaks() %}
        {{ leak }}_gross,
        {%- endfor %}
        is_unvalued,
        inefficient_fallback,
        weak_cache,
        poor_input,
        no_segmentation,
        case
            when remaining_cost <= 0 then 0
            when remaining_cost = cost then excess_context_gross
            else round(excess_context_gross * cast({{ ratio('remaining_cost', 'cost') }} as decimal(16, 15)), 12)
        end as excess_context
    from remaining_costs

)

select
    {%- for column in carried %}
    {{ column }},
    {%- endfor %}
    {%- for leak in leaks() %}
    cast(case when cost is not null then {{ leak }} end as decimal(18, 12)) as {{ leak }}_cost,
    {%- endfor %}
    cast(
        cost - inefficient_fallback - weak_cache - poor_input - no_segmentation - excess_context as decimal(18, 12)
    ) as productive_cost,
    {%- for leak in leaks() %}
    cast(case when cost is not null then {{ leak }}_gross end as decimal(18, 12)) as {{ leak }}_gross_cost,
    {%- endfor %}
    coalesce(is_unvalued, false) as is_unvalued
from split_costs
