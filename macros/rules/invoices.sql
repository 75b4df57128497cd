{#- A quantity in single tokens, requests, sessions, seconds, token-hours and the like, or in what else is to be counted (the end of
    a regular expression); null where the unit is none of these. Providers sell by the one, the thousand and the million,
    in many spellings. -#}
{% macro single_units(quantity, unit, counted=none) -%}
    {%- set usual = '(tok(en)?s?([- ]hours?)?|requests?|calls?|quer(y|ies)|search(es)?|sessions?|seconds?|characters?|pages?|images?|fees?)' -%}
    {%- set things = ' *((input|output|text|cached) )*' ~ (counted or usual) -%}
    {%- set spelled = 'lower(trim(' ~ unit ~ '))' -%}
    case
        when {{ matches_fully(spelled, "'(1 *m|m|(1 )?millions?|1[, ]?000[, ]?000)" ~ things ~ "'") }}
            then {{ quantity }} * 1000000
        when {{ matches_fully(spelled, "'(1 *k|k|(1 )?thousands?|1[, ]?000)" ~ things ~ "'") }}
            then {{ quantity }} * 1000
        when {{ matches_fully(spelled, "'1?" ~ things ~ "'") }} then {{ quantity }}
    end
{%- endmacro %}


{#- The same for units of a guardrail, which providers call just units. Of anything else a unit may be whatever the SKU
    says, such as a million tokens of a model on a marketplace. -#}
{% macro guardrail_units(quantity, unit) -%}{{ single_units(quantity, unit, counted='(text)?units?') }}{%- endmacro %}


{#- Half a unit in the last place of an amount with so many decimals: the most that rounding one charge can hide. -#}
{% macro half_a_last_place(decimals) -%}
    case {{ decimals }}
        {%- for places in range(0, 12) %}
        when {{ places }} then cast('0.{{ '0' * places }}5' as decimal(38, 12))
        {%- endfor %}
        else cast(0 as decimal(38, 12))
    end
{%- endmacro %}


{#- How many decimals a money amount has, without the zeros at its end. -#}
{% macro decimals_of(amount) -%}
    length(regexp_replace(split_part(cast(cast({{ amount }} as decimal(38, 12)) as varchar), '.', 2), '0+$', ''))
{%- endmacro %}


{#- Part of an amount that falls to some of its units, rounded at 12 decimals; 0 when there are no units to cut by. -#}
{% macro share_of(amount, units, of_units) -%}
    cast(coalesce(
        {{ exact_quotient([[amount, 12], [units, 0]], 'case when ' ~ of_units ~ ' > 0 then ' ~ of_units ~ ' end') }}, 0
    ) as decimal(38, 12))
{%- endmacro %}
