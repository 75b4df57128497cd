{#- Thresholds of maturity and of the 30/60/90 days, written once. Shares are of the 28 whole days before the run's own. -#}

{#- Cost is known when at least this share of attempts has a price. -#}
{% macro priced_share_for_known_cost() -%}0.95{%- endmacro %}

{#- Traffic is routed, or context limited, when the leak of that name takes at most this share of inference cost. -#}
{% macro tolerated_leak_share() -%}0.05{%- endmacro %}

{#- Input is guarded when at least this share of attempts says whether its input was valid. -#}
{% macro validated_share_for_guarded() -%}0.8{%- endmacro %}

{#- A release, or a change of a budget, is recent for half a year and for a quarter. -#}
{% macro recent_release_days() -%}182{%- endmacro %}
{% macro recent_budget_days() -%}92{%- endmacro %}
