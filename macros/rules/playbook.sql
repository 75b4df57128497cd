{#- Whether a unit cost rises: against that of the weeks before, and the highest of these weeks. Null when unknown. -#}
{% macro is_rising(value, baseline, highest) -%}
    (
        ({{ value }} > {{ baseline }} * (1 + {{ var('tree_rising_share') }}) and {{ value }} > {{ highest }})
        or {{ value }} > {{ baseline }} * (1 + {{ var('tree_surely_rising_share') }})
    )
{%- endmacro %}
