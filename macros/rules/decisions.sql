{#- Thresholds of the decision tree, written once. -#}

{#- A unit cost rises when it lies more than the first share above that of the weeks before and above each of them, so that
    the usual scatter is no rise, or more than the second share above it, so that one bad week does not hide the next. -#}
{% macro rising_share() -%}0.05{%- endmacro %}
{% macro surely_rising_share() -%}0.25{%- endmacro %}

{#- Failures drive a rise when they make up at least this share of it. -#}
{% macro failure_driven_share() -%}0.5{%- endmacro %}

{#- A week is compared with this many weeks before it, of which at least so many must have had requests. -#}
{% macro tree_baseline_weeks() -%}4{%- endmacro %}
{% macro tree_minimum_baseline_weeks() -%}2{%- endmacro %}

{#- Fewer requests in a week than this say nothing about a trend. -#}
{% macro tree_minimum_requests() -%}30{%- endmacro %}

{#- Whether a unit cost rises: against that of the weeks before, and the highest of these weeks. Null when unknown. -#}
{% macro is_rising(value, baseline, highest) -%}
    (
        ({{ value }} > {{ baseline }} * (1 + {{ rising_share() }}) and {{ value }} > {{ highest }})
        or {{ value }} > {{ baseline }} * (1 + {{ surely_rising_share() }})
    )
{%- endmacro %}
