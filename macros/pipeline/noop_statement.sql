{#- Redefines dbt's macro of this name, which seeds use, without its `write`. dbt writes the SQL that it ran to the
    seed's own path below the target folder; reference data that lie outside the project have an absolute path, which
    swallows the target folder, so dbt would overwrite the data themselves. -#}
{% macro noop_statement(name=None, message=None, code=None, rows_affected=None, res=None) -%}
    {%- set unused_sql = caller() -%}
    {%- if name is not none -%}
        {{ store_raw_result(name, message=message, code=code, rows_affected=rows_affected, agate_table=res) }}
    {%- endif -%}
{%- endmacro %}
