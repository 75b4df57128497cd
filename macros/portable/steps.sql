{#- Has a common table expression computed once where several steps read it and the planner would repeat its arithmetic
    in each: `name as {{ materialized() }} (...)`. -#}
{% macro materialized() -%}{{ return(adapter.dispatch('materialized')()) }}{%- endmacro %}

{% macro default__materialized() -%}materialized{%- endmacro %}
