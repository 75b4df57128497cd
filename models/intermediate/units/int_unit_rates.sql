{%- set band_key = [
    'book_version', 'provider', 'model', 'region', 'service_tier', 'valid_from', 'valid_to', 'from_minute', 'to_minute',
    'above_tokens', 'up_to_tokens'
] %}

-- Guarantees one row per meter that the book prices, and place in it as on a rate card: the price of a unit beyond text
-- tokens. A meter without a price of its own is billed as the text bucket that it is a part of, and what was read from a
-- cache without a price for that as the same read anew; a price of 0 stays 0.
with stand_ins as (

    select meter, meter as token_kind, 1 as rank
    from {{ ref('stg_reference__meters') }}
    union all
    select meter, part_of as token_kind, 2 as rank
    from {{ ref('stg_reference__meters') }}
    where part_of is not null
    union all
    select meter, replace(meter, '_cache_read', '_input') as token_kind, 3 as rank
    from {{ ref('stg_reference__meters') }}
    where part_of = 'cache_read'
    union all
    select meter, 'input' as token_kind, 4 as rank
    from {{ ref('stg_reference__meters') }}
    where part_of = 'cache_read'

),

ranked_rates as (

    select
        {{ columns_of('band_rates', band_key) }},
        stand_ins.meter,
        band_rates.price_per_million,
        band_rates.list_price_per_million,
        band_rates.currency,
        band_rates.list_currency,
        row_number() over (
            partition by {{ columns_of('band_rates', band_key) }}, stand_ins.meter
            order by stand_ins.rank
        ) as preference
    from {{ ref('int_band_rates') }} as band_rates
    inner join stand_ins on band_rates.token_kind = stand_ins.token_kind

)

select
    {{ band_key | join(',\n    ') }},
    meter,
    price_per_million,
    coalesce(list_price_per_million, price_per_million) as list_price_per_million,
    currency,
    coalesce(list_currency, currency) as list_currency
from ranked_rates
where preference = 1
