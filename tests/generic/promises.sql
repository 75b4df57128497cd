{#- Catches a row that breaks what its model promises. All promises of a model are one test, since each test costs dbt more
    than its query does; the rows that come out name the promises that are broken and how many rows break each.

    unique: columns that no two rows share (a null is a value like any other); a list of such lists for several keys
    not_null: columns that are never null
    accepted_values: column: its values; null passes, since what is unknown cannot be wrong
    always_true: conditions on the columns of one row; null passes
    no_overlap: a list of keys (with valid_from and valid_to, if those columns have other names) whose half-open intervals
    never hold twice at one instant, which would count money twice

    A night that adds to a build looks at the days that it has built again (macros/pipeline/audit.sql). -#}
{% test promises(model, unique=[], not_null=[], accepted_values={}, always_true=[], no_overlap=[]) %}
    {{- config(fail_calc='coalesce(sum(broken_rows), 0)') -}}
    {%- set rebuilt = in_audited_days() -%}
    {%- set conditions = [] -%}
    {%- for column in not_null -%}
        {%- do conditions.append(('not null: ' ~ column, column ~ ' is null')) -%}
    {%- endfor -%}
    {%- for column, accepted in accepted_values.items() -%}
        {%- set listed = "'" ~ (accepted | join("', '")) ~ "'" -%}
        {%- do conditions.append(('accepted values: ' ~ column, column ~ ' not in (' ~ listed ~ ')')) -%}
    {%- endfor -%}
    {%- for expression in always_true -%}
        {%- do conditions.append((expression, 'not (' ~ expression ~ ')')) -%}
    {%- endfor -%}
    {%- set keys = [] if not unique else ([unique] if unique[0] is string else unique) -%}

with
{%- if conditions %}
counted as (

    select
        {%- for _, broken in conditions %}
        coalesce(sum(case when {{ broken }} then 1 else 0 end), 0) as broken_{{ loop.index }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ model }}
    {%- if rebuilt %}
    where {{ rebuilt }}
    {%- endif %}

),
{%- endif %}
{%- for columns in keys %}

shared_key_{{ loop.index }} as (

    {{ shared_keys(model, columns) | trim }}

),
{%- endfor %}
{%- for interval in no_overlap %}
{%- set valid_from, valid_to = interval.get('valid_from', 'valid_from'), interval.get('valid_to', 'valid_to') %}

following_{{ loop.index }} as (

    select
        {{ valid_from }} as interval_start,
        {{ valid_to }} as interval_end,
        lead({{ valid_from }}) over (
            partition by {{ interval.key | join(', ') }}
            order by {{ valid_from }}, {{ valid_to }}
        ) as next_interval_start
    from {{ model }}

),
{%- endfor %}

promised as (

    {%- set union = joiner('    union all') %}
    {%- for text, _ in conditions %}
    {{ union() }}
    select '{{ text | replace("'", "''") }}' as promise, broken_{{ loop.index }} as broken_rows from counted
    {%- endfor %}
    {%- for columns in keys %}
    {{ union() }}
    select '{{ ('unique: ' ~ columns | join(', ')) | replace("'", "''") }}' as promise, count(*) as broken_rows
    from shared_key_{{ loop.index }}
    {%- endfor %}
    {%- for interval in no_overlap %}
    {{ union() }}
    select 'no overlap: {{ interval.key | join(', ') }}' as promise, count(*) as broken_rows
    from following_{{ loop.index }}
    where interval_end <= interval_start or next_interval_start < interval_end
    {%- endfor %}

)

select promise, broken_rows
from promised
where broken_rows > 0

{% endtest %}
