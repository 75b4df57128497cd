-- Guarantees one row per price version, token kind with a price, and time in which it holds: what an attempt's
-- `price_version_id` stands for. A kind that is billed as the kind it is a part of is written out at that price.
-- Prices of other units stand in attempt_units.
with cards as (

    select
        price_version_id,
        provider,
        model,
        region,
        service_tier,
        valid_from,
        valid_to,
        from_minute,
        to_minute,
        above_tokens,
        up_to_tokens,
        currency,
        source,
        list_prices,
        list_currency,
        {%- for kind in billed_units('attempt') %}
        {{ kind }}_price{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('int_rate_cards') }}
    where is_published

),

prices as (
{% for kind in billed_units('attempt') %}
    select
        price_version_id,
        provider,
        model,
        region,
        service_tier,
        '{{ kind }}' as token_kind,
        valid_from,
        valid_to,
        from_minute,
        to_minute,
        above_tokens,
        up_to_tokens,
        currency,
        {{ kind }}_price as price_per_million,
        coalesce(list_currency, currency) as list_currency,
        case when list_prices is null then {{ kind }}_price else {{ list_item('list_prices', loop.index) }} end
            as list_price_per_million,
        source
    from cards
    where {{ kind }}_price is not null
    {{ 'union all' if not loop.last }}
{%- endfor %}
)

select
    price_version_id,
    provider,
    model,
    region,
    service_tier,
    token_kind,
    valid_from,
    case when valid_to < {{ end_of_time() }} then valid_to end as valid_to,
    from_minute,
    to_minute,
    case when above_tokens < 0 then 0 else above_tokens end as above_tokens,
    case when up_to_tokens < 9000000000000000 then up_to_tokens end as up_to_tokens,
    price_per_million,
    currency,
    list_price_per_million,
    list_currency,
    source
from prices
