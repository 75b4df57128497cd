{#- Statistical formulas, each with its source. All take and give doubles; null in, null out. -#}

{#- Standard normal quantiles: two-sided 95 %, one-sided 95 %, and three standard deviations (one-sided 99.87 %), which
    the watch uses because it looks again every hour. -#}
{% macro z_two_sided() -%}1.959963984540054e0{%- endmacro %}
{% macro z_one_sided() -%}1.6448536269514722e0{%- endmacro %}
{% macro z_watch() -%}3.0e0{%- endmacro %}


{#- Quantile of Student's t from the normal quantile `z`: Cornish-Fisher expansion (Abramowitz and Stegun 26.7.5), off by
    less than 0.001 from 6 degrees of freedom on. -#}
{% macro t_quantile(z, degrees) -%}
    (
        {{ z }}
        + (power({{ z }}, 3) + {{ z }}) / (4.0e0 * {{ degrees }})
        + (5 * power({{ z }}, 5) + 16 * power({{ z }}, 3) + 3 * {{ z }}) / (96.0e0 * power({{ degrees }}, 2))
        + (3 * power({{ z }}, 7) + 19 * power({{ z }}, 5) + 17 * power({{ z }}, 3) - 15 * {{ z }})
        / (384.0e0 * power({{ degrees }}, 3))
        + (
            79 * power({{ z }}, 9) + 776 * power({{ z }}, 7) + 1482 * power({{ z }}, 5) - 1920 * power({{ z }}, 3)
            - 945 * {{ z }}
        ) / (92160.0e0 * power({{ degrees }}, 4))
    )
{%- endmacro %}


{#- Variance of the logarithm of sum(x) / sum(y) over days: delta method with the day as the unit (Deng, Knoblich and Lu
    2018). An aggregate expression; null for fewer than two days or a sum of zero. -#}
{% macro log_ratio_variance(x, y) -%}
    (
        greatest(
            sum(cast({{ x }} as double) * cast({{ x }} as double)) / nullif(power(sum(cast({{ x }} as double)), 2), 0)
            - 2 * sum(cast({{ x }} as double) * cast({{ y }} as double))
            / nullif(sum(cast({{ x }} as double)) * sum(cast({{ y }} as double)), 0)
            + sum(cast({{ y }} as double) * cast({{ y }} as double)) / nullif(power(sum(cast({{ y }} as double)), 2), 0),
            case when sum({{ x }}) <> 0 and sum({{ y }}) <> 0 then 0 end
        ) * count(*) / nullif(count(*) - 1, 0)
    )
{%- endmacro %}


{#- Bound of a share by Wilson's score interval. `sign` is + or -; `n` may be an effective sample size. Null without a
    share or with an `n` of 0. -#}
{% macro wilson_bound(share, n, z, sign) -%}
    case
        when {{ share }} is not null and {{ n }} > 0
            then least(1, greatest(0, (
                {{ share }} + {{ z }} * {{ z }} / (2 * {{ n }})
                {{ sign }} {{ z }} * sqrt(greatest(
                    {{ share }} * (1 - {{ share }}) / {{ n }} + {{ z }} * {{ z }} / (4 * {{ n }} * {{ n }}), 0
                ))
            ) / (1 + {{ z }} * {{ z }} / {{ n }})))
    end
{%- endmacro %}


{#- Bound of the difference of two shares, first minus second: square-and-add of Wilson bounds (Newcombe 1998, method
    10). -#}
{% macro newcombe_bound(first, first_n, second, second_n, z, sign) -%}
    {%- set other = '+' if sign == '-' else '-' -%}
    (
        {{ first }} - {{ second }} {{ sign }} sqrt(
            power({{ first }} - {{ wilson_bound(first, first_n, z, sign) }}, 2)
            + power({{ wilson_bound(second, second_n, z, other) }} - {{ second }}, 2)
        )
    )
{%- endmacro %}


{#- Columns for the ratio of a measure, candidate over baseline, with bounds on the logarithmic scale: `<name>_ratio`,
    `<name>_lower`, `<name>_upper`. `candidate` and `baseline` are rows with the measure, its `log_variance` and `days`;
    Student's t has the degrees of freedom of the side with fewer days. Null when the baseline is 0 or null. -#}
{% macro ratio_with_bounds(measure, log_variance, z, name) -%}
    {%- set measured = ratio('candidate.' ~ measure, 'baseline.' ~ measure) -%}
    {%- set quantile = t_quantile(z, 'nullif(least(candidate.days, baseline.days) - 1, 0)') -%}
    {%- set error = 'sqrt(candidate.' ~ log_variance ~ ' + baseline.' ~ log_variance ~ ')' -%}
    {{ measured }} as {{ name }}_ratio,
    {{ measured }} * exp(-{{ quantile }} * {{ error }}) as {{ name }}_lower,
    {{ measured }} * exp({{ quantile }} * {{ error }}) as {{ name }}_upper
{%- endmacro %}
