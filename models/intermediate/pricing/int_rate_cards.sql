{%- set kinds = billed_units('attempt').keys() | list %}
{%- set scope_key = ['book_version', 'provider', 'model', 'region', 'service_tier'] %}
{%- set cell_key = scope_key + ['valid_from', 'valid_to', 'from_minute', 'to_minute'] %}
{%- set parents = {
    'cache_read': 'input', 'cache_write': 'input', 'cache_write_1h': 'cache_write', 'reasoning': 'output'
} %}
{%- set is_text = "band_rates.token_kind in ('" ~ kinds | join("', '") ~ "')" %}

-- Guarantees one row per version of the book, provider, model, region, service tier, half-open interval of time, of
-- minutes of the week and of input tokens: all prices of text side by side, so that an attempt meets exactly one card.
-- A model that the book prices by other units only has a card without prices.
with cards as (

    select
        {{ columns_of('band_rates', cell_key) }},
        band_rates.above_tokens,
        band_rates.up_to_tokens,
        coalesce(min(case when {{ is_text }} then band_rates.currency end), min(band_rates.currency)) as currency,
        greatest(count(distinct case when {{ is_text }} then band_rates.currency end), 1) as currencies,
        coalesce(min(case when {{ is_text }} then band_rates.list_currency end), min(band_rates.list_currency)) as list_currency,
        greatest(count(distinct case when {{ is_text }} then band_rates.list_currency end), 1) as list_currencies,
        max(
            case
                when {{ is_text }} and band_rates.price_per_million is distinct from band_rates.list_price_per_million then 1
                else 0
            end
        ) = 1 as is_negotiated,
        {{ distinct_texts('band_rates.source') }} as source,
        max(case when {{ is_text }} then 1 else 0 end) = 1 as has_text_prices,
        -- Parts of the output with a price of their own.
        min(case when meters.part_of = 'output' then band_rates.price_per_million end) as least_output_part_price,
        max(case when meters.part_of = 'output' then band_rates.price_per_million end) as greatest_output_part_price,
        {%- for kind in kinds %}
        max(case when band_rates.token_kind = '{{ kind }}' then band_rates.price_per_million end) as {{ kind }}_price,
        max(case when band_rates.token_kind = '{{ kind }}' then band_rates.list_price_per_million end)
            as {{ kind }}_list_price{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('int_band_rates') }} as band_rates
    left join {{ ref('stg_reference__meters') }} as meters on band_rates.token_kind = meters.meter
    group by
        {{ columns_of('band_rates', cell_key) }},
        band_rates.above_tokens,
        band_rates.up_to_tokens

),

-- A kind without a price of its own is billed as the kind that it is a part of; a price of 0 stays 0. A request costs
-- nothing unless the book says so.
filled_cards as (

    select
        {{ cell_key | join(', ') }},
        above_tokens,
        up_to_tokens,
        currency,
        currencies,
        list_currency,
        list_currencies,
        is_negotiated,
        source,
        {%- for suffix in ['price', 'list_price'] %}
        {%- for kind in kinds %}
        {%- set chain = [kind, parents.get(kind), parents.get(parents.get(kind))] | select | list %}
        {%- set names = [] %}
        {%- for name in chain %}{% do names.append(name ~ '_' ~ suffix) %}{% endfor %}
        {%- if kind == 'request' %}{% do names.append('0') %}{% endif %}
        {% if names | length > 1 %}coalesce({{ names | join(', ') }}){% else %}{{ names[0] }}{% endif %} as {{ kind }}_{{ suffix }},
        {%- endfor %}
        {%- endfor %}
        -- What the output is made of decides what it costs.
        coalesce(least_output_part_price <> output_price or greatest_output_part_price <> output_price, false)
            as has_output_parts,
        -- Without a price of text nothing is known to be free.
        has_text_prices and greatest(
            {%- for kind in kinds %}
            coalesce({{ kind }}_price, 0){{ ',' if not loop.last }}
            {%- endfor %}
        ) = 0 as is_free
    from cards

)

select
    -- Names what priced an attempt: equal prices of one place are one version, whenever they hold, so that a price that
    -- changes at another time leaves the attempts of this one as they are.
    left(md5(
        {{ (scope_key[1:] + ['above_tokens', 'currency']) | join(" || '|' || ") }}
        {%- for kind in kinds %}
        || '|' || coalesce(cast({{ kind }}_price as varchar), '-')
        {%- endfor %}
    ), 12) as price_version_id,
    {{ columns_of('filled_cards', scope_key) }},
    versions.is_published,
    filled_cards.valid_from,
    filled_cards.valid_to,
    filled_cards.from_minute,
    filled_cards.to_minute,
    filled_cards.above_tokens,
    filled_cards.up_to_tokens,
    filled_cards.currency,
    filled_cards.currencies,
    {%- for kind in kinds %}
    filled_cards.{{ kind }}_price,
    {%- endfor %}
    filled_cards.has_output_parts,
    filled_cards.is_free,
    filled_cards.source,
    -- List prices in the order of the kinds; null where nothing is negotiated, so that they are the prices themselves.
    {%- set list_prices = [] %}
    {%- for kind in kinds %}{% do list_prices.append('cast(' ~ kind ~ '_list_price as decimal(27, 15))') %}{% endfor %}
    case when filled_cards.is_negotiated then {{ list_of(list_prices) }} end as list_prices,
    case when filled_cards.is_negotiated and filled_cards.list_currencies = 1 then filled_cards.list_currency end
        as list_currency
from filled_cards
inner join {{ ref('int_book_versions') }} as versions on filled_cards.book_version = versions.book_version
