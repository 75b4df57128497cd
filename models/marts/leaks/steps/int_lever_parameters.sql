-- One row per lever, parameter, use case of the window and task class (empty: no class): the assumption that holds
-- there. One for the use case and class wins over one for the use case, that over one for the class, that over one for
-- all, and that over the default.
with defaults as (
{% for lever, parameter, value in lever_defaults() %}
    select
        '{{ lever }}' as lever,
        '{{ parameter }}' as parameter,
        {{ "'" ~ value ~ "'" if value is not none else 'cast(null as varchar)' }} as value
    {{ 'union all' if not loop.last }}
{%- endfor %}
),

places as (

    select
        use_cases.use_case,
        classes.task_class
    from (select distinct use_case from {{ ref('int_use_case_days') }}) as use_cases
    cross join (
        select 'A' as task_class
        union all
        select 'B' as task_class
        union all
        select 'C' as task_class
        union all
        select '' as task_class
    ) as classes

)

select
    defaults.lever,
    defaults.parameter,
    places.use_case,
    places.task_class,
    coalesce(for_both.value, for_use_case.value, for_class.value, for_all.value, defaults.value) as value
from defaults
cross join places
{% for alias, use_case, task_class in [
    ['for_both', '= places.use_case', '= places.task_class'],
    ['for_use_case', '= places.use_case', 'is null'],
    ['for_class', 'is null', '= places.task_class'],
    ['for_all', 'is null', 'is null']
] -%}
left join {{ ref('stg_reference__lever_assumptions') }} as {{ alias }}
    on
        defaults.lever = {{ alias }}.lever
        and defaults.parameter = {{ alias }}.parameter
        and {{ alias }}.use_case {{ use_case }}
        and {{ alias }}.task_class {{ task_class }}
{% endfor %}
