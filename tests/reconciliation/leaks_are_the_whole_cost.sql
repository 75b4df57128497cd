-- Catches money that leaks twice, leaks nowhere, or stands on another day than in the use-case mart: leaks and what was
-- productive are the inference cost of every day and use case, and rework and delay beside them are theirs, exactly.
select
    coalesce(use_case_days.day, leak_days.day) as day,
    coalesce(use_case_days.use_case, leak_days.use_case) as use_case,
    use_case_days.inference_cost,
    leak_days.inference_cost as leaked_and_productive_cost
from {{ ref('use_case_daily') }} as use_case_days
full outer join {{ ref('leaks_daily') }} as leak_days
    on
        use_case_days.day = leak_days.day
        and use_case_days.use_case = leak_days.use_case
where
    use_case_days.day is null
    or leak_days.day is null
    or use_case_days.attempts <> leak_days.attempts
    or use_case_days.unpriced_attempts <> leak_days.unpriced_attempts
    or use_case_days.inference_cost <> leak_days.productive_cost
    {%- for leak in leaks() %} + leak_days.{{ leak }}_cost{% endfor %}
    or use_case_days.rework_cost <> leak_days.rework_cost_without_leak
    {%- for leak in leaks() %} + leak_days.{{ leak }}_rework_cost{% endfor %}
    or use_case_days.delay_cost <> leak_days.delay_cost_without_leak
    {%- for leak in leaks() %} + leak_days.{{ leak }}_delay_cost{% endfor %}
