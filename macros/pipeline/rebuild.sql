{#- Incremental models replace whole days. Which days is decided once per run, before dbt starts, and read from
    `control.rebuild_days`; a full refresh takes every day. -#}

{% macro rebuild_days() -%}
    select rebuild_days.day from {{ source('control', 'rebuild_days') }} as rebuild_days
{%- endmacro %}


{#- Days, weeks or months that hold a day to be rebuilt. `grain`: day, week or month. -#}
{% macro rebuild_periods(grain) -%}
    select distinct {{ period_start('rebuild_days.day', grain) }} as period_start
    from {{ source('control', 'rebuild_days') }} as rebuild_days
{%- endmacro %}


{#- `and <day expression> in (days to rebuild)` in an incremental run, nothing in a full one. -#}
{% macro and_in_rebuild_days(day_expression) -%}
    {%- if is_incremental() %} and {{ day_expression }} in ({{ rebuild_days() }}) {%- endif -%}
{%- endmacro %}


{#- The same with the days of a model (one column, `day`): for a model whose rows depend on more days than their own.
    The model states it as `rebuild_days_model` too, so that the same days are deleted. -#}
{% macro and_in_days_of(days_model, day_expression) -%}
    {%- if is_incremental() %} and {{ day_expression }} in (
        select wider_days.day from {{ ref(days_model) }} as wider_days
    ) {%- endif -%}
{%- endmacro %}


{#- Strategy `replace_days`: delete every day of the rebuild window, also those that are empty now, then insert.
    Taking the days from the new rows instead would leave the rows of a day that lost them all. -#}
{% macro get_incremental_replace_days_sql(arg_dict) %}
    {%- set period_column = config.get('period_column', 'day') -%}
    {%- set grain = config.get('period_grain', 'day') -%}
    {%- set days_model = config.get('rebuild_days_model') -%}
    {%- set columns = arg_dict['dest_columns'] | map(attribute='quoted') | join(', ') -%}
    delete from {{ arg_dict['target_relation'] }}
    where {{ period_column }} in (
        {%- if days_model %}
        select wider_days.day from {{ ref(days_model) }} as wider_days
        {%- else %}
        select period_start from ({{ rebuild_periods(grain) }}) as periods
        {%- endif %}
    );
    insert into {{ arg_dict['target_relation'] }} ({{ columns }})
    select {{ columns }} from {{ arg_dict['temp_relation'] }}
{% endmacro %}


{#- The instant that everything is computed as of; rows later than it are not used yet. -#}
{% macro as_of() -%}
    (select run.as_of from {{ source('control', 'run') }} as run)
{%- endmacro %}
