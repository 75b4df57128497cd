{#- Catches a join that multiplies rows: no two rows share the given columns. A null is a value like any other here. -#}
{% test unique_combination(model, columns) %}

select {{ columns | join(', ') }}
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1

{% endtest %}
