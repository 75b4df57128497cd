{#- Distinct texts of a group as JSON array text, in order; null when there is none. An aggregate. -#}
{% macro json_array_of_distinct(expression) -%}
    {{ return(adapter.dispatch('json_array_of_distinct')(expression)) }}
{%- endmacro %}

{% macro default__json_array_of_distinct(expression) -%}
    cast(to_json(list_sort(list(distinct {{ expression }}) filter (where {{ expression }} is not null))) as varchar)
{%- endmacro %}


{#- JSON array text of one text. -#}
{% macro json_array_of_one(expression) -%}{{ return(adapter.dispatch('json_array_of_one')(expression)) }}{%- endmacro %}

{% macro default__json_array_of_one(expression) -%}cast(to_json([{{ expression }}]) as varchar){%- endmacro %}


{#- Texts of a group as one, in a stated order; nulls left out, null over nothing. -#}
{% macro joined_texts(text, separator, order_by) -%}
    {{ return(adapter.dispatch('joined_texts')(text, separator, order_by)) }}
{%- endmacro %}

{% macro default__joined_texts(text, separator, order_by) -%}
    string_agg({{ text }}, '{{ separator }}' order by {{ order_by }})
{%- endmacro %}


{#- The value of the row with the least order, among the rows that have one. -#}
{% macro first_known(value, order_by) -%}{{ return(adapter.dispatch('first_known')(value, order_by)) }}{%- endmacro %}

{% macro default__first_known(value, order_by) -%}arg_min({{ value }}, {{ order_by }}){%- endmacro %}
