{#- Catches a value that is missing where one is promised: one row with the number of nulls of each column, if there is any.
    One test for all columns of a model reads it once, where one for each column would read it once for each. -#}
{% test not_null_columns(model, columns) %}

with nulls as (

    select
        {%- for column in columns %}
        count(*) - count({{ column }}) as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ model }}

)

select *
from nulls
where {% for column in columns %}{{ column }} > 0{{ ' or ' if not loop.last }}{% endfor %}

{% endtest %}
