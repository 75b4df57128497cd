-- One row per attempt of the window, on the day rule of the use-case marts, with what the scenarios need of it.
select
    parts.use_case,
    coalesce(parts.task_class, '') as task_class,
    parts.source,
    parts.attempt_id,
    parts.outcome_id,
    parts.day,
    parts.provider,
    parts.model,
    parts.tier,
    parts.service_tier,
    parts.status,
    parts.started_at,
    parts.finished_at,
    parts.can_wait,
    parts.prompt_hash is not null as has_prompt_hash,
    {%- for column in priced_columns() %}
    parts.{{ column }},
    {%- endfor %}
    parts.context_tokens,
    parts.context_limit,
    parts.has_parts,
    parts.input_cost + parts.cache_read_cost + parts.cache_write_cost + parts.cache_write_1h_cost as context_cost,
    -- Hours are paid whatever runs in them: no change to a call saves any of them.
    case when parts.is_on_capacity then 0 else parts.cost end as cost,
    -- A guardrail checks an answer from a cache too.
    case when parts.is_on_capacity then 0 else greatest(leaks.weak_cache_gross_cost - parts.guardrail_cost, 0) end
        as weak_cache_gross_cost,
    case when parts.is_on_capacity then 0 else leaks.poor_input_gross_cost end as poor_input_gross_cost
from {{ ref('int_attempt_parts') }} as parts
inner join {{ ref('int_lever_window') }} as lever_window
    on parts.cohort_day between lever_window.first_day and lever_window.last_day
inner join {{ ref('int_attempt_leaks') }} as leaks
    on
        parts.day = leaks.day
        and parts.source = leaks.source
        and parts.attempt_id = leaks.attempt_id
