{#- Catches a price, owner or rate that holds twice at one instant, which would count money twice: half-open intervals
    of one key never overlap. -#}
{% test no_overlap(model, key, valid_from, valid_to) %}

with following as (

    select
        {{ key | join(', ') }},
        {{ valid_from }} as valid_from,
        {{ valid_to }} as valid_to,
        lead({{ valid_from }}) over (
            partition by {{ key | join(', ') }}
            order by {{ valid_from }}, {{ valid_to }}
        ) as next_valid_from
    from {{ model }}

)

select *
from following
where
    valid_to <= valid_from
    or next_valid_from < valid_to

{% endtest %}
