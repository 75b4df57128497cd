{#- How many average weeks of spend fall into the next `days` days, of which the first is `next_weekday` (1 Monday to
    7 Sunday): the sum of the columns share_1 to share_7, each as often as its weekday comes. 0 for no days. -#}
{% macro weeks_of_days(days, next_weekday) -%}
    {%- for weekday in range(1, 8) -%}
        share_{{ weekday }} * (
            floor({{ days }} / 7.0)
            + case when mod({{ weekday }} - {{ next_weekday }} + 7, 7) < mod({{ days }}, 7) then 1 else 0 end
        ){{ ' + ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}


{#- Half width of the 80 % prediction interval of the spend of `days` days that follow, when their level is taken from
    one week: a sum of h = days / 7 weeks varies by h, and the week that stands for their mean by h x h.
    Student's t with one degree of freedom less than there are weeks; null with fewer than 3 whole weeks. -#}
{% macro sum_interval_half_width(deviation, weeks, days) -%}
    {{ deviation }} * sqrt({{ days }} / 7.0e0 + power({{ days }} / 7.0e0, 2)) * case {{ weeks }}
        when 3 then 1.885618
        when 4 then 1.637744
        when 5 then 1.533206
        when 6 then 1.475884
        when 7 then 1.439756
        when 8 then 1.414924
    end
{%- endmacro %}
