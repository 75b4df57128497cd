{#- Cost of handling a ticket in the reporting currency: minutes / 60 x hourly rate x exchange rate, rounded once. -#}
{% macro handling_cost(minutes, hourly_rate, fx_rate) -%}
    {{ exact_quotient([[minutes, 6], [hourly_rate, 6], [fx_rate, 9]], 60) }}
{%- endmacro %}


{#- Cost of delay in the reporting currency: (late minutes x rate per minute + breaches x fixed penalty) x exchange
    rate, rounded once. Lateness is in whole microseconds, so nothing is lost before the rounding. -#}
{% macro delay_cost(late_microseconds, per_minute, breaches, per_breach, fx_rate) -%}
    {%- set exact = late_microseconds ~ ' * ' ~ per_minute ~ ' + ' ~ breaches ~ ' * 60000000 * ' ~ per_breach -%}
    {{ exact_quotient([[exact, 6], [fx_rate, 9]], 60000000) }}
{%- endmacro %}


{#- Money of one attempt. What does not fit its type, a million and more for a single call, is a mistake of the sender or of
    a price: null, so that it counts as unknown and stops nothing. -#}
{% macro attempt_money(amount) -%}try_cast({{ amount }} as decimal(18, 12)){%- endmacro %}


{#- An amount of a card's currency in the reporting currency, rounded once, in the widest type: to be added to others
    before it is the money of an attempt. Null without a rate. -#}
{% macro in_reporting_currency(amount, fx_rate) -%}
    {{ or_unknown('round((' ~ amount ~ ') * ' ~ fx_rate ~ ', 12)') }}
{%- endmacro %}


{#- The same as money of an attempt. -#}
{% macro money_of(amount, fx_rate) -%}
    {{ attempt_money(in_reporting_currency(amount, fx_rate)) }}
{%- endmacro %}


{#- An amount of another currency in the reporting currency, rounded once at 12 decimals. -#}
{% macro converted(amount, fx_rate) -%}
    {{ exact_quotient([[amount, 12], [fx_rate, 9]], 1) }}
{%- endmacro %}


{#- Part of an amount by weight, rounded at 12 decimals. Weights are millionths of money where prices per million made
    the amount: then the part is exact. Else (converted from another currency, or shared out by tokens) it is in
    proportion. 0 without weights. -#}
{% macro part_by_weight(weight, total_weight, amount, addends) -%}
    cast(round(
        case
            when {{ total_weight }} = 0 then 0
            when abs({{ total_weight }} * 0.000001 - {{ amount }})
                <= {{ addends }} * cast('0.000000000001' as decimal(38, 12))
                then {{ weight }} * 0.000001
            else cast(
                cast({{ weight }} as double) / cast({{ total_weight }} as double) * cast({{ amount }} as double)
                as decimal(38, 12)
            )
        end, 12
    ) as decimal(38, 12))
{%- endmacro %}


{#- Money in the currency of a price, times what an attribute of the call multiplies it by. -#}
{% macro multiplied(amount, multiplier, type='decimal(38, 21)') -%}
    case
            when {{ multiplier }} = 1 then {{ amount }}
            else cast(round(({{ amount }}) * {{ multiplier }}, 18) as {{ type }})
        end
{%- endmacro %}


{#- What units beyond text tokens cost at a price per million of them, in the reporting currency. -#}
{% macro unit_money(units, price_per_million, fx_rate) -%}
    {%- set amount = 'cast(' ~ units ~ '.billed_quantity as decimal(18, 6)) * ' ~ price_per_million ~ ' * 0.000001' -%}
    {%- set multiplied = 'round(cast(round(' ~ amount ~ ', 18) as decimal(38, 18)) * ' ~ units ~ '.price_multiplier, 18)' -%}
    {{ or_unknown('round(cast(' ~ multiplied ~ ' as decimal(38, 18)) * ' ~ fx_rate ~ ', 12)') }}
{%- endmacro %}
