{#- Variance of the expected final amount of one cohort, without the error of its growth factor: what has arrived is
    multiplied by the factor, so its chance is too, and what is still to come has its own. -#}
{% macro maturing_variance(outcomes, factor, seen_variance, unseen_variance) -%}
    ({{ outcomes }} * (power({{ factor }} - 1, 2) * {{ seen_variance }} + {{ unseen_variance }}))
{%- endmacro %}


{#- One standard deviation of cost per accepted outcome from those of its cost and of its accepted outcomes, which are
    taken to go wrong together: more rework than expected comes with fewer accepted outcomes. -#}
{% macro cost_per_accepted_error(cost_error, accepted_error, cost_per_accepted, accepted) -%}
    (({{ cost_error }} + {{ cost_per_accepted }} * {{ accepted_error }}) / nullif({{ accepted }}, 0))
{%- endmacro %}
