{#- The factors of a cost, coarse to fine, and with them the effects that a change is split into. -#}
{% macro driver_effects() -%}
    {{ return([
        'price', 'model_mix', 'use_case_mix', 'context_length', 'output_length', 'retries', 'cache', 'service_tier',
        'rework', 'delay', 'acceptance', 'requests_per_outcome'
    ]) }}
{%- endmacro %}


{#- The two periods of each comparison as rows of their own. -#}
{% macro driver_sides() -%}
    select comparison, label, only_use_case, 'before' as side, before_start as first_day, before_end as last_day
    from {{ ref('int_driver_comparisons') }}
    union all
    select comparison, label, only_use_case, 'after' as side, after_start as first_day, after_end as last_day
    from {{ ref('int_driver_comparisons') }}
{%- endmacro %}


{#- Logarithmic mean of two positive numbers; of two that are equal to nine digits their plain mean, since the quotient
    would be of two differences near zero. Null unless both are positive. -#}
{% macro logarithmic_mean(first, second) -%}
    case
        when {{ first }} > 0 and {{ second }} > 0
            then case
                when abs({{ second }} - {{ first }}) <= 0.000000001e0 * {{ first }} then ({{ first }} + {{ second }}) / 2
                else ({{ second }} - {{ first }}) / ln({{ second }} / {{ first }})
            end
    end
{%- endmacro %}


{#- Natural logarithm of how a ratio changed, from the four numbers it is made of. Null unless all are positive. -#}
{% macro log_change(before_part, before_whole, after_part, after_whole) -%}
    case
        when {{ before_part }} > 0 and {{ before_whole }} > 0 and {{ after_part }} > 0 and {{ after_whole }} > 0
            then ln(
                (cast({{ after_part }} as double) / cast({{ after_whole }} as double))
                / (cast({{ before_part }} as double) / cast({{ before_whole }} as double))
            )
    end
{%- endmacro %}


{#- Whether one of two numbers is zero and the other is not. -#}
{% macro appears_or_vanishes(before, after) -%}
    (({{ before }} = 0) <> ({{ after }} = 0))
{%- endmacro %}
