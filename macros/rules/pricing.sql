{#- How an attempt is priced: written once for what was published and for what other versions of the book would say. -#}

{#- What of text is billed, and how much of it an attempt has; everything else is a row of `int_attempt_units`. The order
    is that of `list_prices` on a rate card. A request is billed when it reached a model. -#}
{% macro billed_units(attempt) -%}
    {{ return({
        'input': attempt ~ '.input_tokens',
        'cache_read': attempt ~ '.cache_read_tokens',
        'cache_write': attempt ~ '.cache_write_tokens',
        'cache_write_1h': attempt ~ '.cache_write_1h_tokens',
        'output': attempt ~ '.output_tokens - ' ~ attempt ~ '.reasoning_tokens',
        'reasoning': attempt ~ '.reasoning_tokens',
        'request': 'cast(' ~ attempt ~ '.reached_model as integer)'
    }) }}
{%- endmacro %}


{#- Cost of an attempt by the prices of its rate card, in their currency, not rounded. Exact: whole units times prices of
    at most 15 decimals. Null when a kind with units has no price; no units cost nothing whatever the price. -#}
{% macro cost_by_card(attempt, card) -%}
    {{ part_by_card(attempt, card, billed_units(attempt)) }}
{%- endmacro %}


{#- What the units of some billed kinds cost under a card, in its currency. -#}
{% macro part_by_card(attempt, card, kinds) -%}
    (
        {%- for kind in kinds %}
        {{ '+ ' if not loop.first }}{{ bucket_cost(billed_units(attempt)[kind], card ~ '.' ~ kind ~ '_price') }}
        {%- endfor %}
    ) * 0.000001
{%- endmacro %}


{#- The same by the list prices of a card that has negotiated ones. -#}
{% macro list_cost_by_card(attempt, card) -%}
    (
        {%- for kind, units in billed_units(attempt).items() %}
        {{ '+ ' if not loop.first }}{{ bucket_cost(units, list_item(card ~ '.list_prices', loop.index)) }}
        {%- endfor %}
    ) * 0.000001
{%- endmacro %}


{#- Join condition of an attempt and the one rate card that prices it: equal names, and half-open intervals of time, of
    the minute of the week and of the whole input. `attempt` has `price_region`, `price_tier`, `minute_of_week`,
    `priced_input_tokens`; provider, model, service tier and region of prices default to its own. -#}
{% macro card_prices_attempt(card, attempt, provider=none, model=none, service_tier=none, region=none) -%}
    {{ provider or attempt ~ '.provider' }} = {{ card }}.provider
    and {{ model or attempt ~ '.model' }} = {{ card }}.model
    and {{ region or attempt ~ '.price_region' }} = {{ card }}.region
    and {{ service_tier or attempt ~ '.price_tier' }} = {{ card }}.service_tier
    and {{ attempt }}.started_at >= {{ card }}.valid_from
    and {{ attempt }}.started_at < {{ card }}.valid_to
    and {{ attempt }}.minute_of_week >= {{ card }}.from_minute
    and {{ attempt }}.minute_of_week < {{ card }}.to_minute
    and {{ attempt }}.priced_input_tokens > {{ card }}.above_tokens
    and {{ attempt }}.priced_input_tokens <= {{ card }}.up_to_tokens
{%- endmacro %}


{#- Region whose prices hold for an attempt: its own where the book or a contract names it for the model, else the prices
    that hold everywhere (''). -#}
{% macro price_region(region, priced_regions) -%}
    case when {{ region }} <> '' and {{ list_holds(priced_regions, region) }} then {{ region }} else '' end
{%- endmacro %}


{#- Name of a model as it is looked up: without regard to case, and of an ARN what follows its last slash, so that
    account and region of an inference profile need no rows of their own. -#}
{% macro model_name_key(name) -%}
    case
        when {{ name }} like 'arn:%' then lower({{ after_last(name, '/') }})
        else lower({{ name }})
    end
{%- endmacro %}


{#- A part of the week as one text, `16:30-00:30 1-5`; null when both are empty, which is the whole week. -#}
{% macro price_window(hours, weekdays) -%}
    case
        when coalesce(trim({{ hours }}), '') = '' and coalesce(trim({{ weekdays }}), '') = '' then null
        else coalesce(nullif(trim({{ hours }}), ''), '00:00-24:00')
            || ' ' || coalesce(nullif(trim({{ weekdays }}), ''), '1-7')
    end
{%- endmacro %}


{#- Equality of several columns of two relations, for joins. -#}
{% macro same(left, right, columns) -%}
    {%- for column in columns -%}
    {{ left }}.{{ column }} = {{ right }}.{{ column }}{{ ' and ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}


{#- Columns of one relation, for select lists. -#}
{% macro columns_of(relation, columns) -%}
    {%- for column in columns -%}
    {{ relation }}.{{ column }}{{ ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}


{#- Rows of a price book as people and commands write them, typed: the first book and the second one have one shape. -#}
{% macro listed_prices(book) -%}
select
    nullif(trim(provider), '') as provider,
    nullif(trim(model), '') as model,
    coalesce(trim(region), '') as region,
    coalesce(nullif(trim(service_tier), ''), 'standard') as service_tier,
    nullif(trim(token_kind), '') as token_kind,
    coalesce(cast(nullif(trim(above_tokens), '') as bigint), 0) as above_tokens,
    cast(nullif(trim(price_per_million), '') as decimal(18, 9)) as price_per_million,
    coalesce(upper(nullif(trim(currency), '')), '{{ var("reporting_currency") }}') as currency,
    coalesce({{ reference_instant("nullif(trim(valid_from), '')") }}, {{ beginning_of_time() }}) as valid_from,
    coalesce({{ reference_instant("nullif(trim(valid_to), '')") }}, {{ end_of_time() }}) as valid_to,
    nullif(trim(source), '') as source,
    coalesce({{ price_window('hours_utc', 'weekdays') }}, '') as price_window,
    coalesce({{ reference_instant("nullif(trim(known_from), '')") }}, {{ beginning_of_time() }}) as known_from
from {{ book }}
{%- endmacro %}


{#- What a log says that a call cost, where it can be believed: a zero for a call that was served is no price. -#}
{% macro believed_cost(attempt=none) -%}
    {%- set of = attempt ~ '.' if attempt else '' -%}
    case when {{ of }}logged_cost <> 0 or {{ of }}status <> 'success' then {{ of }}logged_cost end
{%- endmacro %}
