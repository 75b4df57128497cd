{%- set model_key = ['book_version', 'provider', 'model'] %}
{%- set scope_key = model_key + ['region', 'service_tier'] %}
{%- set cell_key = scope_key + ['valid_from', 'valid_to', 'from_minute', 'to_minute'] %}

-- Guarantees one row per version of the book, provider, model, region, service tier, half-open interval of time, of
-- minutes of the week and of input tokens, and kind with a price: between two boundaries of a model all its prices hold.
-- Bands are cliffs: input above a threshold moves every token of the call to the band's prices, and a kind that the band
-- does not name keeps the price of the band below. A region has its own prices, and for kinds without one those that hold
-- everywhere; within its part of the week a price wins over the one for the rest.
with rates as (

    select
        {{ columns_of('rates', scope_key) }},
        rates.token_kind,
        rates.above_tokens,
        rates.valid_from,
        rates.valid_to,
        rates.price_per_million,
        rates.list_price_per_million,
        rates.currency,
        rates.list_currency,
        rates.source,
        case when rates.price_window = '' then 0 else 1 end as is_windowed,
        windows.from_minute,
        windows.to_minute
    from {{ ref('int_rates') }} as rates
    inner join {{ ref('int_price_windows') }} as windows on rates.price_window = windows.price_window

),

-- A region that any version of the book names has cards in all of them.
regions as (

    select provider, model, region from rates
    union
    select provider, model, '' as region from rates

),

tiers as (

    select distinct {{ model_key | join(', ') }}, service_tier
    from rates

),

scopes as (

    select
        {{ columns_of('tiers', model_key) }},
        regions.region,
        tiers.service_tier
    from tiers
    inner join regions on {{ same('tiers', 'regions', ['provider', 'model']) }}

),

scope_rates as (

    select
        {{ columns_of('scopes', scope_key) }},
        case when rates.region = scopes.region then 1 else 0 end as is_own_region,
        rates.is_windowed,
        rates.from_minute,
        rates.to_minute,
        rates.token_kind,
        rates.above_tokens,
        rates.valid_from,
        rates.valid_to,
        rates.price_per_million,
        rates.list_price_per_million,
        rates.currency,
        rates.list_currency,
        rates.source
    from scopes
    inner join rates
        on
            {{ same('scopes', 'rates', model_key + ['service_tier']) }}
            and (rates.region = scopes.region or rates.region = '')

),

instants as (

    select {{ scope_key | join(', ') }}, valid_from as boundary from scope_rates
    union
    select {{ scope_key | join(', ') }}, valid_to as boundary from scope_rates

),

segments as (

    select
        {{ scope_key | join(', ') }},
        boundary as valid_from,
        lead(boundary) over (partition by {{ scope_key | join(', ') }} order by boundary) as valid_to
    from instants

),

minutes as (

    select {{ scope_key | join(', ') }}, from_minute as boundary from scope_rates
    union
    select {{ scope_key | join(', ') }}, to_minute as boundary from scope_rates

),

week_parts as (

    select
        {{ scope_key | join(', ') }},
        boundary as from_minute,
        lead(boundary) over (partition by {{ scope_key | join(', ') }} order by boundary) as to_minute
    from minutes

),

ranked_cell_rates as (

    select
        {{ columns_of('segments', scope_key) }},
        segments.valid_from,
        segments.valid_to,
        week_parts.from_minute,
        week_parts.to_minute,
        scope_rates.token_kind,
        scope_rates.above_tokens,
        scope_rates.price_per_million,
        scope_rates.list_price_per_million,
        scope_rates.currency,
        scope_rates.list_currency,
        scope_rates.source,
        dense_rank() over (
            partition by
                {{ columns_of('segments', scope_key) }}, segments.valid_from, week_parts.from_minute,
                scope_rates.token_kind
            order by scope_rates.is_own_region desc, scope_rates.is_windowed desc
        ) as preference
    from segments
    inner join week_parts on {{ same('segments', 'week_parts', scope_key) }}
    inner join scope_rates
        on
            {{ same('segments', 'scope_rates', scope_key) }}
            and segments.valid_from >= scope_rates.valid_from
            and segments.valid_from < scope_rates.valid_to
            and week_parts.from_minute >= scope_rates.from_minute
            and week_parts.from_minute < scope_rates.to_minute
    where
        segments.valid_to is not null
        and week_parts.to_minute is not null

),

cell_rates as (

    select
        {{ cell_key | join(', ') }},
        token_kind,
        above_tokens,
        price_per_million,
        list_price_per_million,
        currency,
        list_currency,
        source
    from ranked_cell_rates
    where preference = 1

),

bands as (

    select
        {{ cell_key | join(', ') }},
        above_tokens,
        lead(above_tokens) over (partition by {{ cell_key | join(', ') }} order by above_tokens) as up_to_tokens
    from (select distinct {{ cell_key | join(', ') }}, above_tokens from cell_rates)

),

ranked_band_rates as (

    select
        {{ columns_of('bands', cell_key) }},
        bands.above_tokens,
        bands.up_to_tokens,
        cell_rates.token_kind,
        cell_rates.price_per_million,
        cell_rates.list_price_per_million,
        cell_rates.currency,
        cell_rates.list_currency,
        cell_rates.source,
        row_number() over (
            partition by {{ columns_of('bands', cell_key) }}, bands.above_tokens, cell_rates.token_kind
            order by cell_rates.above_tokens desc
        ) as preference
    from bands
    inner join cell_rates
        on
            {{ same('bands', 'cell_rates', cell_key) }}
            and bands.above_tokens >= cell_rates.above_tokens

)

select
    {{ cell_key | join(',\n    ') }},
    case when above_tokens = 0 then -1 else above_tokens end as above_tokens,
    coalesce(up_to_tokens, 9000000000000000) as up_to_tokens,
    token_kind,
    price_per_million,
    list_price_per_million,
    currency,
    list_currency,
    source
from ranked_band_rates
where preference = 1
