-- Catches a week or month whose counts are not those of its days.
{%- set columns = [
    'attempts', 'requests', 'retried_requests', 'outcomes', 'open_outcomes', 'accepted_outcomes',
    'corrected_outcomes', 'rejected_outcomes', 'unpriced_attempts', 'total_cost', 'open_cost'
] %}
{%- for period, model in {'week': 'use_case_weekly', 'month': 'use_case_monthly'}.items() %}
select
    '{{ period }}' as period,
    periods.use_case,
    periods.{{ period }} as period_start
from {{ ref(model) }} as periods
full outer join (
    select
        {{ period_start('day', period) }} as {{ period }},
        use_case
        {%- for column in columns %},
        sum({{ column }}) as {{ column }}
        {%- endfor %}
    from {{ ref('use_case_daily') }}
    group by 1, 2
) as days
    on
        periods.use_case = days.use_case
        and periods.{{ period }} = days.{{ period }}
where
    periods.use_case is null
    or days.use_case is null
    {%- for column in columns %}
    or periods.{{ column }} <> days.{{ column }}
    {%- endfor %}
{{ 'union all' if not loop.last }}
{% endfor %}
