{#- Text of one member of a JSON object; null when it is missing. `member` is a SQL expression. -#}
{% macro json_member(json, member) -%}{{ return(adapter.dispatch('json_member')(json, member)) }}{%- endmacro %}

{% macro default__json_member(json, member) -%}
    json_extract_string({{ json }}, '$."' || replace({{ member }}, '"', '') || '"')
{%- endmacro %}

{% macro spark__json_member(json, member) -%}
    get_json_object({{ json }}, concat('$.', {{ member }}))
{%- endmacro %}


{#- Whether a regular expression matches the whole text. -#}
{% macro matches_fully(text, pattern) -%}{{ return(adapter.dispatch('matches_fully')(text, pattern)) }}{%- endmacro %}

{% macro default__matches_fully(text, pattern) -%}regexp_full_match({{ text }}, {{ pattern }}){%- endmacro %}

{% macro spark__matches_fully(text, pattern) -%}({{ text }} rlike concat('^(?:', {{ pattern }}, ')$')){%- endmacro %}


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

{% macro spark__json_elements(json, alias) -%}
    lateral (
        select positions.position + 1 as position, positions.element
        from posexplode(from_json({{ json }}, 'array<string>')) as positions (position, element)
    ) as {{ alias }}
{%- endmacro %}


{#- Several expressions as one comparable value, for ordering inside max_by and min_by. -#}
{% macro composite(expressions) -%}{{ return(adapter.dispatch('composite')(expressions)) }}{%- endmacro %}

{% macro default__composite(expressions) -%}row({{ expressions | join(', ') }}){%- endmacro %}

{% macro spark__composite(expressions) -%}struct({{ expressions | join(', ') }}){%- endmacro %}


{#- A number as text with a fixed number of decimals, for sentences; null stays null. -#}
{% macro number_text(number, decimals) -%}{{ return(adapter.dispatch('number_text')(number, decimals)) }}{%- endmacro %}

{% macro default__number_text(number, decimals) -%}
    printf('%.{{ decimals }}f', cast({{ number }} as double))
{%- endmacro %}

{% macro spark__number_text(number, decimals) -%}
    format_string('%.{{ decimals }}f', cast({{ number }} as double))
{%- endmacro %}
