{#- The landed tables: every declared source table whose rows name the file that they came in. Known once dbt has read
    the whole project, so empty before it executes. -#}
{% macro landed_tables() %}
    {%- set tables = [] -%}
    {%- if execute -%}
        {%- for table in graph.sources.values() | sort(attribute='unique_id') if '_file_sha256' in table.columns -%}
            {%- do tables.append(table) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(tables) }}
{% endmacro %}
