{#- What a call would cost under another card. All pricing of leaks, levers and drivers goes through these macros and
    through those that price attempts. `attempt` and `card` are table aliases. -#}

{#- Columns that an attempt needs to be priced again, besides those that name it. -#}
{% macro priced_columns() -%}
    {{ return([
        'region', 'price_region', 'price_tier', 'price_multiplier', 'minute_of_week', 'priced_input_tokens', 'reached_model',
        'input_tokens', 'cache_read_tokens', 'cache_write_tokens', 'cache_write_1h_tokens', 'output_tokens',
        'reasoning_tokens', 'unit_cost', 'guardrail_cost'
    ]) }}
{%- endmacro %}


{#- Whether a rate card of the published book is the one of a call; see `card_prices_attempt`. -#}
{% macro card_applies(attempt, card, provider=none, model=none, service_tier=none, region=none) -%}
    {{ card }}.is_published
            and {{ card }}.currencies = 1
            and {{ card_prices_attempt(card, attempt, provider, model, service_tier, region) }}
{%- endmacro %}


{#- What a call costs under a card, with what its units beyond text tokens cost, which stays. Null without a price. -#}
{% macro price_by_card(attempt, card, fx_rate) -%}
    case
                when {{ card }}.provider is not null
                    then {{ money_of(multiplied(cost_by_card(attempt, card), attempt ~ '.price_multiplier'), fx_rate) }}
                        + {{ attempt }}.unit_cost
            end
{%- endmacro %}


{#- Joins that price calls by another model: its card at the service tier of the call (`tier_cards`) and the one at the
    standard tier (`standard_cards`), each with the exchange rate of the day. For `price_by_other_model`. -#}
{% macro join_cards_of_other_model(attempt, provider, model, priced_regions) -%}
    {%- for tier in ['tier', 'standard'] -%}
    {{ '\n    ' if not loop.first }}left join {{ ref('int_rate_cards') }} as {{ tier }}_cards
        on {{ card_applies(
            attempt, tier ~ '_cards', provider, model, "'standard'" if tier == 'standard' else attempt ~ '.service_tier',
            price_region(attempt ~ '.region', priced_regions)
        ) }}
    left join {{ ref('int_fx_rates') }} as {{ tier }}_fx
        on
            {{ tier }}_cards.currency = {{ tier }}_fx.currency
            and {{ attempt }}.day >= {{ tier }}_fx.valid_from
            and {{ attempt }}.day < {{ tier }}_fx.valid_to
    {%- endfor %}
{%- endmacro %}


{#- What a call would cost on the model of `join_cards_of_other_model`: at the service tier of the call, or at the standard
    tier where the model has no price on that one. Null without either. -#}
{% macro price_by_other_model(attempt) -%}
    coalesce(
            {{ price_by_card(attempt, 'tier_cards', 'tier_fx.rate') }},
            {{ price_by_card(attempt, 'standard_cards', 'standard_fx.rate') }}
        )
{%- endmacro %}


{#- Tier that a task class needs: A premium, B balanced, C economy. Null for no class. -#}
{% macro right_tier(task_class) -%}
    case {{ task_class }} when 'A' then 'premium' when 'B' then 'balanced' when 'C' then 'economy' end
{%- endmacro %}


{#- Tiers in order of price: economy 1, balanced 2, premium 3. Null for an unknown tier. -#}
{% macro tier_rank(tier) -%}
    case {{ tier }} when 'premium' then 3 when 'balanced' then 2 when 'economy' then 1 end
{%- endmacro %}
