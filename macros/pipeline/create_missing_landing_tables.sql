{#- So that `dbt build` also works by hand on a warehouse that nothing has landed in: every declared source table
    is created empty when it is missing, with the types its YAML states. -#}
{% macro create_missing_landing_tables() %}
    {%- if execute -%}
        {%- for source in graph.sources.values() | sort(attribute='unique_id') %}
            create schema if not exists {{ source.database }}.{{ source.schema }};
            create table if not exists {{ source.database }}.{{ source.schema }}.{{ source.identifier }} (
                {%- for column in source.columns.values() %}
                {{ column.name }} {{ column.data_type }}{{ ',' if not loop.last }}
                {%- endfor %}
            );
        {%- endfor %}
        insert into raw.control.run
        select 'none', {{ instant_literal(as_of_without_run()) }}, 'full'
        where not exists (select 1 from raw.control.run)
    {%- endif -%}
{% endmacro %}
