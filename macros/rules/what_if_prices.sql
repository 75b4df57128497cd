{#- What a call would cost under another card. All pricing of leaks, levers and drivers goes through these macros and
    through those that price attempts. `attempt` and `card` are table aliases. -#}

{#- Columns that an attempt needs to be priced again, besides those that name it. -#}
{% macro priced_columns() -%}
    {{ return([
        'region', 'price_region', 'minute_of_week', 'priced_input_tokens', 'reached_model', 'input_tokens',
        'cache_read_tokens', 'cache_write_tokens', 'cache_write_1h_tokens', 'output_tokens', 'reasoning_tokens',
        'audio_input_tokens', 'audio_output_tokens', 'image_input_tokens', 'web_search_calls', 'file_search_calls',
        'code_interpreter_calls', 'cache_storage_token_hours'
    ]) }}
{%- endmacro %}


{#- Whether a published rate card is the one of a call. Provider, model, service tier and region of prices default to the
    call's own. -#}
{% macro card_applies(attempt, card, provider=none, model=none, service_tier=none, region=none) -%}
    {{ card }}.is_published
            and {{ card }}.currencies = 1
            and {{ provider or attempt ~ '.provider' }} = {{ card }}.provider
            and {{ model or attempt ~ '.model' }} = {{ card }}.model
            and {{ region or attempt ~ '.price_region' }} = {{ card }}.region
            and {{ service_tier or attempt ~ '.service_tier' }} = {{ card }}.service_tier
            and {{ attempt }}.started_at >= {{ card }}.valid_from
            and {{ attempt }}.started_at < {{ card }}.valid_to
            and {{ attempt }}.minute_of_week >= {{ card }}.from_minute
            and {{ attempt }}.minute_of_week < {{ card }}.to_minute
            and {{ attempt }}.priced_input_tokens > {{ card }}.above_tokens
            and {{ attempt }}.priced_input_tokens <= {{ card }}.up_to_tokens
{%- endmacro %}


{#- An amount of a card's currency in the reporting currency, rounded once. Null without a rate. -#}
{% macro money_of(amount, fx_rate) -%}
    cast(round(({{ amount }}) * {{ fx_rate }}, 12) as decimal(18, 12))
{%- endmacro %}


{#- What the units of some billed kinds cost under a card, in its currency. -#}
{% macro part_by_card(attempt, card, kinds) -%}
    (
        {%- for kind in kinds %}
        {{ '+ ' if not loop.first }}{{ bucket_cost(billed_units(attempt)[kind], card ~ '.' ~ kind ~ '_price') }}
        {%- endfor %}
    ) * 0.000001
{%- endmacro %}


{#- Tier that a task class needs: A premium, B balanced, C economy. Null for no class. -#}
{% macro right_tier(task_class) -%}
    case {{ task_class }} when 'A' then 'premium' when 'B' then 'balanced' when 'C' then 'economy' end
{%- endmacro %}


{#- Tiers in order of price: economy 1, balanced 2, premium 3. Null for an unknown tier. -#}
{% macro tier_rank(tier) -%}
    case {{ tier }} when 'premium' then 3 when 'balanced' then 2 when 'economy' then 1 end
{%- endmacro %}
