{#- Exact product of decimals over a positive whole divisor, rounded once, half away from zero, at 12 decimals.
    `factors`: list of [expression, decimals], decimals being the scale of the expression; together at least 12.
    Division of decimals gives a double here, which loses cents on large sums; whole-number arithmetic does not.
    Null when any factor is null, or when the product is more than the widest number holds: that is a mistake of a sender or
    of a rate, which counts as unknown and stops nothing. -#}
{% macro exact_quotient(factors, divisor) -%}
    {{ return(adapter.dispatch('exact_quotient')(factors, divisor)) }}
{%- endmacro %}

{% macro default__exact_quotient(factors, divisor) -%}
    {%- set units = [] -%}
    {%- set decimals = [] -%}
    {%- for expression, scale in factors -%}
        {%- do units.append('cast(cast(' ~ expression ~ ' as decimal(38, ' ~ scale ~ ')) * 1' ~ '0' * scale ~ ' as hugeint)') -%}
        {%- do decimals.append(scale) -%}
    {%- endfor -%}
    {%- set product = '(' ~ units | join(' * ') ~ ')' -%}
    {%- set whole_divisor = '(cast(' ~ divisor ~ ' as hugeint) * 1' ~ '0' * (decimals | sum - 12) ~ ')' -%}
    try(cast(
        cast(
            sign({{ product }}) * ((2 * abs({{ product }}) + {{ whole_divisor }}) // (2 * {{ whole_divisor }}))
            as decimal(38, 0)
        ) * 0.000000000001 as decimal(38, 12)
    ))
{%- endmacro %}


{#- Part of an amount (12 decimals) by whole, positive weights, rounded once, half away from zero, at 12 decimals. The amount
    is divided before it is multiplied, so that large weights fit. Null when any of them is null, or the total of the
    weights is more than 9e18. -#}
{% macro exact_part(amount, weight, total_weight) -%}
    {{ return(adapter.dispatch('exact_part')(amount, weight, total_weight)) }}
{%- endmacro %}

{% macro default__exact_part(amount, weight, total_weight) -%}
    {%- set units = 'cast(abs(' ~ amount ~ ') * 1000000000000 as hugeint)' -%}
    {%- set part = 'cast(' ~ weight ~ ' as hugeint)' -%}
    {%- set whole = 'cast(' ~ total_weight ~ ' as hugeint)' -%}
    try(cast(
        cast(
            sign({{ amount }}) * (
                ({{ units }} // {{ whole }}) * {{ part }}
                + (2 * ({{ units }} % {{ whole }}) * {{ part }} + {{ whole }}) // (2 * {{ whole }})
            ) as decimal(38, 0)
        ) * 0.000000000001 as decimal(38, 12)
    ))
{%- endmacro %}


{#- A number, or null where it is more than its type holds. -#}
{% macro or_unknown(number) -%}{{ return(adapter.dispatch('or_unknown')(number)) }}{%- endmacro %}

{% macro default__or_unknown(number) -%}try({{ number }}){%- endmacro %}


{#- Ratio of two numbers as a double; null when the denominator is zero or null, never infinity. -#}
{% macro ratio(numerator, denominator) -%}
    (cast({{ numerator }} as double) / nullif(cast({{ denominator }} as double), 0))
{%- endmacro %}


{#- Percentile by linear interpolation, nulls left out; null over nothing. -#}
{% macro percentile(expression, share) -%}{{ return(adapter.dispatch('percentile')(expression, share)) }}{%- endmacro %}

{% macro default__percentile(expression, share) -%}quantile_cont({{ expression }}, {{ share }}){%- endmacro %}
