{#- All ancestors of each attempt along `retry_of`: rows (source, attempt_id, ancestor_id). `union` keeps each pair
    once, so the walk ends where links form a circle. -#}
{% macro recursive_walk(links) -%}
    {{ return(adapter.dispatch('recursive_walk')(links)) }}
{%- endmacro %}

{% macro default__recursive_walk(links) -%}
    with recursive steps as (
        select source, attempt_id, retry_of as ancestor_id from {{ links }}
        union
        select steps.source, steps.attempt_id, links.retry_of as ancestor_id
        from steps
        inner join {{ links }} as links
            on
                steps.source = links.source
                and steps.ancestor_id = links.attempt_id
    )

    select source, attempt_id, ancestor_id from steps
{%- endmacro %}
