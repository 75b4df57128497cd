{#- What the tests of a night look at, and how a broken promise is told. -#}

{#- Condition on the rows that a night has built again, for the test that calls it; empty where every row is looked at: a
    run by hand, a full build, the full audit of each week, a model that is built as a whole. The other rows were looked
    at when they were built and have not changed since. `prefix`: what names the table, with its point. -#}
{% macro in_audited_days(prefix='') -%}
    {#- Asked while it runs only: dbt would parse again whatever read another value before. -#}
    {%- if execute and env_var('FINOPS_AUDIT', 'full') == 'rebuilt_days' -%}
        {%- set tested = graph.nodes[model.attached_node].config -%}
        {%- set day = prefix ~ tested.get('period_column', 'day') -%}
        {%- if tested.get('rebuild_days_model') -%}
            {%- set days = graph.nodes['model.' ~ project_name ~ '.' ~ tested.rebuild_days_model] -%}
            {%- set days = api.Relation.create(database=days.database, schema=days.schema, identifier=days.alias) -%}
            {{ in_days_read_now(day, days, 'select distinct wider_days.day from ' ~ days ~ ' as wider_days') }}
        {%- elif tested.get('incremental_strategy') == 'replace_days' -%}
            {{ in_rebuild_days(day, grain=tested.get('period_grain', 'day')) }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}


{#- Keys that more than one row has. `columns`: the key. Rows of the days that were built again may have brought a second
    one, and its first may stand on any day, so every row with a key of those days counts. -#}
{% macro shared_keys(relation, columns) -%}
    {%- set rebuilt = in_audited_days('rebuilt_row.') -%}
    select {{ columns | join(', ') }}
    from {{ relation }} as every_row
    {%- if rebuilt %}
    where exists (
        select 1
        from {{ relation }} as rebuilt_row
        where
            {{ rebuilt }}
            {%- for column in columns %}
            and rebuilt_row.{{ column }} is not distinct from every_row.{{ column }}
            {%- endfor %}
    )
    {%- endif %}
    group by {{ columns | join(', ') }}
    having count(*) > 1
{%- endmacro %}


{#- dbt's own test, which counts; a test whose rows are promises says which are broken too. -#}
{% materialization test, adapter='duckdb' %}
    {%- set relations = dbt.materialization_test_default() -%}
    {%- if model.test_metadata and model.test_metadata.name == 'promises' and load_result('main').table.rows[0][0] > 0 -%}
        {%- set tested = graph.nodes[model.attached_node].name -%}
        {%- for row in run_query(sql).rows -%}
            {%- do log(tested ~ ': ' ~ row[0] ~ ': ' ~ row[1] ~ ' row' ~ ('s' if row[1] != 1 else ''), info=true) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(relations) }}
{% endmaterialization %}
