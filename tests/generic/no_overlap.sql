{#- Catches a price, owner or rate that holds twice at one instant, which would count money twice: half-open intervals
    of one key never overlap. -#}
{% test no_overlap(model, key, valid_from, valid_to) %}

with following as (

    select
        {{ key | join(', ') }},
        {{ valid_from }} as interval_start,
        {{ valid_to }} as interval_end,
        lead({{ valid_from }}) over (
            partition by {{ key | join(', ') }}
            order by {{ valid_from }}, {{ valid_to }}
        ) as next_interval_start
    from {{ model }}

)

select *
from following
where
    interval_end <= interval_start
    or next_interval_start < interval_end

{% endtest %}
