{#- Key of one alert, the same in every build and every delivery: each part led by its length, so that no two lists of
    names give one text. Null parts count as empty. -#}
{% macro alert_key(parts) -%}
    md5(
        {%- for part in parts %}
        cast(length(coalesce(cast({{ part }} as varchar), '')) as varchar) || ':' || coalesce(cast({{ part }} as varchar), '')
        {{- ' ||' if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}
