{#- Catches a row that breaks a rule of its own columns. An expression that is null passes: what is unknown cannot be
    wrong. -#}
{% test expression_is_true(model, expression) %}

select *
from {{ model }}
where not ({{ expression }})

{% endtest %}
