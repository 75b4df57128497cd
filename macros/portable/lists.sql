{#- Distinct texts of a group as JSON array text, in order; null when there is none. An aggregate. -#}
{% macro json_array_of_distinct(expression) -%}
    {{ return(adapter.dispatch('json_array_of_distinct')(expression)) }}
{%- endmacro %}

{% macro default__json_array_of_distinct(expression) -%}
    cast(to_json(list_sort(list(distinct {{ expression }}) filter (where {{ expression }} is not null))) as varchar)
{%- endmacro %}

{% macro spark__json_array_of_distinct(expression) -%}
    case when count({{ expression }}) > 0 then to_json(sort_array(collect_set({{ expression }}))) end
{%- endmacro %}


{#- JSON array text of one text. -#}
{% macro json_array_of_one(expression) -%}{{ return(adapter.dispatch('json_array_of_one')(expression)) }}{%- endmacro %}

{% macro default__json_array_of_one(expression) -%}cast(to_json([{{ expression }}]) as varchar){%- endmacro %}

{% macro spark__json_array_of_one(expression) -%}to_json(array({{ expression }})){%- endmacro %}
