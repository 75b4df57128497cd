{#- The five leaks in waterfall order: money that fits several goes to the first. -#}
{% macro leaks() -%}
    {{ return(['inefficient_fallback', 'weak_cache', 'poor_input', 'no_segmentation', 'excess_context']) }}
{%- endmacro %}


{#- How many days after an answer a cache could still have given it: a late answer changes the leaks of that many days
    after its own. One hour more than the longest lifetime, because a day may be an hour short. -#}
{% macro cache_lifetime_days() -%}
    (
        select cast(coalesce(floor((max(use_cases.cache_lifetime_hours) + 24) / 24), 0) as integer)
        from {{ ref('stg_reference__use_cases') }} as use_cases
    )
{%- endmacro %}
