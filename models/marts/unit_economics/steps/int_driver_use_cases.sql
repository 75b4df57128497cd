{%- set counts = ['requests', 'outcomes', 'accepted_outcomes'] %}
{%- set amounts = ['inference_cost', 'rework_cost', 'delay_cost'] %}

-- One row per comparison, scope (`all` or one use case) and use case of the scope: its sums of both periods, and those
-- of the whole scope beside them.
with sides as (

    {{ driver_sides() }}

),

use_case_sums as (

    select
        sides.comparison,
        sides.label,
        sides.only_use_case,
        days.use_case
        {%- for side in ['before', 'after'] %}
        {%- for column in counts + amounts %},
        sum(case when sides.side = '{{ side }}' then days.{{ column }} else 0 end) as {{ side }}_{{ column }}
        {%- endfor %}
        {%- endfor %}
    from sides
    inner join {{ ref('int_use_case_days') }} as days
        on
            days.day between sides.first_day and sides.last_day
            and coalesce(sides.only_use_case, days.use_case) = days.use_case
    group by
        sides.comparison,
        sides.label,
        sides.only_use_case,
        days.use_case

),

scoped_sums as (

    select
        comparison,
        label,
        use_case as scope,
        use_case
        {%- for side in ['before', 'after'] %}
        {%- for column in counts + amounts %},
        {{ side }}_{{ column }}
        {%- endfor %}
        {%- endfor %}
    from use_case_sums

    union all

    select
        comparison,
        label,
        'all' as scope,
        use_case
        {%- for side in ['before', 'after'] %}
        {%- for column in counts + amounts %},
        {{ side }}_{{ column }}
        {%- endfor %}
        {%- endfor %}
    from use_case_sums
    where only_use_case is null

)

select
    comparison,
    label,
    scope,
    use_case
    {%- for side in ['before', 'after'] %}
    {%- for column in counts %},
    cast({{ side }}_{{ column }} as bigint) as {{ side }}_{{ column }},
    cast(sum({{ side }}_{{ column }}) over scope_rows as bigint) as {{ side }}_scope_{{ column }}
    {%- endfor %}
    {%- for column in amounts %},
    cast({{ side }}_{{ column }} as decimal(38, 12)) as {{ side }}_{{ column }},
    cast(sum({{ side }}_{{ column }}) over scope_rows as decimal(38, 12)) as {{ side }}_scope_{{ column }}
    {%- endfor %}
    {%- endfor %}
from scoped_sums
window scope_rows as (partition by comparison, label, scope)
