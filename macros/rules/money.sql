{#- Cost of handling a ticket in the reporting currency: minutes / 60 x hourly rate x exchange rate, rounded once. -#}
{% macro handling_cost(minutes, hourly_rate, fx_rate) -%}
    {{ exact_quotient([[minutes, 6], [hourly_rate, 6], [fx_rate, 9]], 60) }}
{%- endmacro %}


{#- Cost of delay in the reporting currency: (late minutes x rate per minute + breaches x fixed penalty) x exchange
    rate, rounded once. Lateness is in whole microseconds, so nothing is lost before the rounding. -#}
{% macro delay_cost(late_microseconds, per_minute, breaches, per_breach, fx_rate) -%}
    {%- set exact = late_microseconds ~ ' * ' ~ per_minute ~ ' + ' ~ breaches ~ ' * 60000000 * ' ~ per_breach -%}
    {{ exact_quotient([[exact, 6], [fx_rate, 9]], 60000000) }}
{%- endmacro %}


{#- An amount of another currency in the reporting currency, rounded once at 12 decimals. -#}
{% macro converted(amount, fx_rate) -%}
    {{ exact_quotient([[amount, 12], [fx_rate, 9]], 1) }}
{%- endmacro %}
