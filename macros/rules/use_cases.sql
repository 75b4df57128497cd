{#- Whether the attribute that a mapping rule names matches the rule's regular expression as a whole. A list (tags)
    matches when one of its elements does. -#}
{% macro attribute_matches(attempt, rule) -%}
    {{ return(adapter.dispatch('attribute_matches')(attempt, rule)) }}
{%- endmacro %}

{% macro default__attribute_matches(attempt, rule) -%}
    case
        when {{ rule }}.field = 'provider' then {{ matches_fully(attempt ~ '.logged_provider', rule ~ '.pattern') }}
        when {{ rule }}.field = 'model' then {{ matches_fully(attempt ~ '.logged_model', rule ~ '.pattern') }}
        -- A text may begin like a list and be none.
        when
            left({{ json_member(attempt ~ '.attributes', rule ~ '.field') }}, 1) = '['
            and json_valid({{ json_member(attempt ~ '.attributes', rule ~ '.field') }})
            then len(list_filter(
                from_json({{ json_member(attempt ~ '.attributes', rule ~ '.field') }}, '["VARCHAR"]'),
                lambda element: {{ matches_fully('element', rule ~ '.pattern') }}
            )) > 0
        else coalesce(
            {{ matches_fully(json_member(attempt ~ '.attributes', rule ~ '.field'), rule ~ '.pattern') }}, false
        )
    end
{%- endmacro %}


{#- Use case of a row: what it names itself, else what a rule found, else what the other rows of its outcome name. -#}
{% macro resolved_use_case(logged, mapped, of_outcome) -%}
    coalesce({{ logged }}, {{ mapped }}, {{ of_outcome }})
{%- endmacro %}
