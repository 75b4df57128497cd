{#- Thresholds of the decision tree, written once. -#}

{#- A unit cost rises when it lies more than this share above that of the weeks before. -#}
{% macro rising_share() -%}0.05{%- endmacro %}

{#- Failures drive a rise when they make up at least this share of it. -#}
{% macro failure_driven_share() -%}0.5{%- endmacro %}

{#- A week is compared with this many weeks before it, of which at least so many must have had requests. -#}
{% macro tree_baseline_weeks() -%}4{%- endmacro %}
{% macro tree_minimum_baseline_weeks() -%}2{%- endmacro %}

{#- Fewer requests in a week than this say nothing about a trend. -#}
{% macro tree_minimum_requests() -%}30{%- endmacro %}

{#- Whether a value lies above its baseline by more than the threshold; null when one of them is unknown. -#}
{% macro is_rising(value, baseline) -%}({{ value }} > {{ baseline }} * (1 + {{ rising_share() }})){%- endmacro %}
