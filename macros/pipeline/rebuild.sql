{#- Incremental models replace whole days. Which days is decided once per run, before dbt starts, and read from
    `control.rebuild_days`; a full refresh takes every day. -#}

{#- `and <day expression> is in a day to rebuild` in an incremental run, nothing in a full one. `grain` week or month: the
    expression is the first day of a period that holds a day to rebuild. `instant`: what the day is computed from, where
    it is computed at all; a range of it that is surely wide enough lets the rows of other days be skipped unread. -#}
{% macro and_in_rebuild_days(day_expression, instant=none, grain='day') -%}
    {#- Named when dbt parses, where nothing is incremental: what a model depends on is learnt there. -#}
    {%- if not execute %}{%- do source('control', 'rebuild_days') -%}{%- endif -%}
    {%- if is_incremental() %} and {{ in_rebuild_days(day_expression, instant, grain) }} {%- endif -%}
{%- endmacro %}


{#- The condition alone. -#}
{% macro in_rebuild_days(day_expression, instant=none, grain='day') -%}
    {%- set rebuild_days -%}
        select distinct {{ period_start('rebuild_days.day', grain) }} as day
        from {{ source('control', 'rebuild_days') }} as rebuild_days
    {%- endset -%}
    {{ in_days_read_now(day_expression, source('control', 'rebuild_days'), rebuild_days, instant) }}
{%- endmacro %}


{#- The same with the days of a model (one column, `day`): for a model whose rows depend on more days than their own.
    The model states it as `rebuild_days_model` too, so that the same days are deleted. -#}
{% macro and_in_days_of(days_model, day_expression) -%}
    {%- if not execute %}{%- do ref(days_model) -%}{%- endif -%}
    {%- if is_incremental() %} and {{ in_days_of(days_model, day_expression) }} {%- endif -%}
{%- endmacro %}


{#- The condition alone. -#}
{% macro in_days_of(days_model, day_expression) -%}
    {%- set wider_days = 'select distinct wider_days.day from ' ~ ref(days_model) ~ ' as wider_days' -%}
    {{ in_days_read_now(day_expression, ref(days_model), wider_days) }}
{%- endmacro %}


{#- Strategy `replace_days`: delete every day of the rebuild window, also those that are empty now, then insert.
    Taking the days from the new rows instead would leave the rows of a day that lost them all. -#}
{% macro get_incremental_replace_days_sql(arg_dict) %}
    {%- set period_column = config.get('period_column', 'day') -%}
    {%- set days_model = config.get('rebuild_days_model') -%}
    {%- set columns = arg_dict['dest_columns'] | map(attribute='quoted') | join(', ') -%}
    delete from {{ arg_dict['target_relation'] }}
    where
        {%- if days_model %} {{ in_days_of(days_model, period_column) }}
        {%- else %} {{ in_rebuild_days(period_column, grain=config.get('period_grain', 'day')) }}
        {%- endif %};
    insert into {{ arg_dict['target_relation'] }} ({{ columns }})
    select {{ columns }} from {{ arg_dict['temp_relation'] }}
{% endmacro %}


{#- The instant that everything is computed as of; rows later than it are not used yet. A literal: from a subquery a
    planner estimates nothing, and would hash the attempts where it should hash a few prices. -#}
{% macro as_of() -%}
    {%- set run = source('control', 'run') -%}
    {%- if is_read_in_query() -%}
    (select run.as_of from {{ run }} as run)
    {%- else -%}
    {%- set rows = rows_read_now(run, 'select ' ~ exact_instant_text('run.as_of') ~ ' from ' ~ run ~ ' as run') -%}
    {{ instant_literal(rows[0][0] if rows else as_of_without_run()) }}
    {%- endif -%}
{%- endmacro %}


{#- As-of of a warehouse that no run was started in: everything that landed is used. -#}
{% macro as_of_without_run() -%}2100-01-01 00:00:00.000000+00:00{%- endmacro %}


{#- Condition that a day is one of those a query gives now (one column, `day`), as literals like as-of. No days: false. -#}
{% macro in_days_read_now(day_expression, relation, days, instant=none) -%}
    {%- if is_read_in_query() -%}
    {{ day_expression }} in ({{ days }})
    {%- else -%}
    {%- set rows = rows_read_now(
        relation, 'select cast(days.day as varchar(10)) as day from (' ~ days
        ~ ') as days where days.day is not null order by days.day'
    ) -%}
    {{ is_one_of_days(day_expression, rows | map('first') | list, instant) }}
    {%- endif -%}
{%- endmacro %}


{#- A day of `days` (texts, in order) as planners estimate it best: one day by equality, neighbours as a range, others as
    a range and a list within it. -#}
{% macro is_one_of_days(day_expression, days, instant=none) -%}
    {%- if not days -%}
    false
    {%- else -%}
    {%- set first_day, last_day = 'date ' ~ "'" ~ days[0] ~ "'", 'date ' ~ "'" ~ days[-1] ~ "'" -%}
    {%- set parse = modules.datetime.date.fromisoformat -%}
    (
        {%- if instant %}{{ is_around_days(instant, parse(days[0]), parse(days[-1])) }} and {% endif -%}
        {%- if days | length == 1 -%}
        {{ day_expression }} = {{ first_day }}
        {%- else -%}
        {{ day_expression }} >= {{ first_day }} and {{ day_expression }} <= {{ last_day }}
        {%- if (parse(days[-1]) - parse(days[0])).days >= days | length %}
        and {{ day_expression }} in ({% for day in days %}date '{{ day }}'{{ ', ' if not loop.last }}{% endfor %})
        {%- endif -%}
        {%- endif -%}
    )
    {%- endif -%}
{%- endmacro %}


{#- Condition that an instant lies within two days of a range of days: no zone is further from UTC than that. -#}
{% macro is_around_days(instant, first_day, last_day) -%}
    {%- set two_days = modules.datetime.timedelta(days=2) -%}
    {{ instant }} >= {{ instant_literal((first_day - two_days) ~ ' 00:00:00+00:00') }}
    and {{ instant }} < {{ instant_literal((last_day + two_days) ~ ' 00:00:00+00:00') }}
{%- endmacro %}


{#- Whether control rows and days are read by the query itself: while dbt parses, and in unit tests, which give them as
    rows of their own. -#}
{% macro is_read_in_query() -%}
    {{ return(not execute or model.resource_type == 'unit_test') }}
{%- endmacro %}


{#- Rows of a query on a relation; none when there is no such relation yet, so that SQL can be compiled by hand. -#}
{% macro rows_read_now(relation, query) -%}
    {{ return(run_query(query).rows if load_relation(relation) is not none else []) }}
{%- endmacro %}
