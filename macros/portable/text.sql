{#- Text of one member of a JSON object; null when it is missing. `member` is a SQL expression. -#}
{% macro json_member(json, member) -%}{{ return(adapter.dispatch('json_member')(json, member)) }}{%- endmacro %}

{% macro default__json_member(json, member) -%}
    json_extract_string({{ json }}, '$."' || replace({{ member }}, '"', '') || '"')
{%- endmacro %}


{#- Whether a regular expression matches the whole text. -#}
{% macro matches_fully(text, pattern) -%}{{ return(adapter.dispatch('matches_fully')(text, pattern)) }}{%- endmacro %}

{% macro default__matches_fully(text, pattern) -%}regexp_full_match({{ text }}, {{ pattern }}){%- endmacro %}


{#- What the first group of a regular expression matched in a text; empty when it does not match. -#}
{% macro first_group(text, pattern) -%}{{ return(adapter.dispatch('first_group')(text, pattern)) }}{%- endmacro %}

{% macro default__first_group(text, pattern) -%}regexp_extract({{ text }}, {{ pattern }}, 1){%- endmacro %}


{#- One row per element of a JSON array of texts: a table expression with columns `position` (from 1) and `element`,
    to be cross joined laterally. -#}
{% macro json_elements(json, alias) -%}{{ return(adapter.dispatch('json_elements')(json, alias)) }}{%- endmacro %}

{% macro default__json_elements(json, alias) -%}
    lateral (
        select
            cast(unnest(range(1, len(from_json({{ json }}, '["VARCHAR"]')) + 1)) as integer) as position,
            unnest(from_json({{ json }}, '["VARCHAR"]')) as element
    ) as {{ alias }}
{%- endmacro %}


{#- One row per member of a JSON object: a table expression with the column `name`, to be cross joined laterally. -#}
{% macro json_names(json, alias) -%}{{ return(adapter.dispatch('json_names')(json, alias)) }}{%- endmacro %}

{% macro default__json_names(json, alias) -%}
    lateral (select unnest(json_keys({{ json }})) as name) as {{ alias }}
{%- endmacro %}


{#- First element of a JSON array of texts; null when there is none. -#}
{% macro first_json_element(json) -%}{{ return(adapter.dispatch('first_json_element')(json)) }}{%- endmacro %}

{% macro default__first_json_element(json) -%}json_extract_string({{ json }}, '$[0]'){%- endmacro %}


{#- JSON text of an object with text members. `members`: name -> SQL expression; a null member becomes JSON null. -#}
{% macro json_text(members) -%}{{ return(adapter.dispatch('json_text')(members)) }}{%- endmacro %}

{% macro default__json_text(members) -%}
    cast(json_object(
        {%- for name, expression in members.items() %}'{{ name }}', {{ expression }}{{ ', ' if not loop.last }}{% endfor -%}
    ) as varchar)
{%- endmacro %}


{#- Several expressions as one comparable value, for ordering inside max_by and min_by. -#}
{% macro composite(expressions) -%}{{ return(adapter.dispatch('composite')(expressions)) }}{%- endmacro %}

{% macro default__composite(expressions) -%}row({{ expressions | join(', ') }}){%- endmacro %}


{#- What follows the last `separator` of a text; the whole text without one. -#}
{% macro after_last(text, separator) -%}{{ return(adapter.dispatch('after_last')(text, separator)) }}{%- endmacro %}

{% macro default__after_last(text, separator) -%}split_part({{ text }}, '{{ separator }}', -1){%- endmacro %}


{#- Whether a list holds an element; false for a null list. -#}
{% macro list_holds(list, element) -%}{{ return(adapter.dispatch('list_holds')(list, element)) }}{%- endmacro %}

{% macro default__list_holds(list, element) -%}coalesce(list_contains({{ list }}, {{ element }}), false){%- endmacro %}


{#- Element of a list by its position from 1. -#}
{% macro list_item(list, position) -%}{{ return(adapter.dispatch('list_item')(list, position)) }}{%- endmacro %}

{% macro default__list_item(list, position) -%}{{ list }}[{{ position }}]{%- endmacro %}


{#- A list of expressions. -#}
{% macro list_of(expressions) -%}{{ return(adapter.dispatch('list_of')(expressions)) }}{%- endmacro %}

{% macro default__list_of(expressions) -%}[{{ expressions | join(', ') }}]{%- endmacro %}


{#- Distinct non-null values of a group as a list; null when there are none. -#}
{% macro distinct_list(expression) -%}{{ return(adapter.dispatch('distinct_list')(expression)) }}{%- endmacro %}

{% macro default__distinct_list(expression) -%}
    list(distinct {{ expression }}) filter (where {{ expression }} is not null)
{%- endmacro %}


{#- Distinct non-null texts of a group as one text, in order, separated by '; '. -#}
{% macro distinct_texts(expression) -%}{{ return(adapter.dispatch('distinct_texts')(expression)) }}{%- endmacro %}

{% macro default__distinct_texts(expression) -%}
    string_agg(distinct {{ expression }}, '; ' order by {{ expression }})
{%- endmacro %}


{#- A number as text with a fixed number of decimals, for sentences; null stays null. -#}
{% macro number_text(number, decimals) -%}{{ return(adapter.dispatch('number_text')(number, decimals)) }}{%- endmacro %}

{% macro default__number_text(number, decimals) -%}
    printf('%.{{ decimals }}f', cast({{ number }} as double))
{%- endmacro %}


{#- Lists of names separated by commas, put together; null when there are none. -#}
{% macro joined_names(lists) -%}{{ return(adapter.dispatch('joined_names')(lists)) }}{%- endmacro %}

{% macro default__joined_names(lists) -%}nullif(concat_ws(',', {{ lists | join(', ') }}), ''){%- endmacro %}


{#- A decimal number as text without zeros behind its last digit. -#}
{% macro plain_number_text(number) -%}{{ return(adapter.dispatch('plain_number_text')(number)) }}{%- endmacro %}

{% macro default__plain_number_text(number) -%}
    regexp_replace(cast(cast({{ number }} as decimal(38, 12)) as varchar), '[.]?0+$', '')
{%- endmacro %}
