
-- Guarantees one row per provider, model, service tier, band of input tokens and half-open interval: all prices of a
-- call side by side, so that an attempt meets exactly one card. Bands are cliffs: input above a threshold moves every
-- token of the call to the band's prices, and a kind that the band does not name keeps the price of the band below.
-- Prices of one region are joined where logs tell a region; this card holds those that hold everywhere.
with rates as (

    select
        provider,
        model,
        service_tier,
        token_kind,
        above_tokens,
        valid_from,
        valid_to,
        price_per_million,
        currency
    from "build"."simple"."int_rates"
    where region = ''

),

boundaries as (

    select provider, model, service_tier, valid_from as boundary from rates
    union
    select provider, model, service_tier, valid_to as boundary from rates

),

segments as (

    select
        provider,
        model,
        service_tier,
        boundary as valid_from,
        lead(boundary) over (partition by provider, model, service_tier order by boundary) as valid_to
    from boundaries

),

segment_rates as (

    select
        segments.provider,
        segments.model,
        segments.service_tier,
        segments.valid_from,
        segments.valid_to,
        rates.token_kind,
        rates.above_tokens,
        rates.price_per_million,
        rates.currency
    from segments
    inner join rates
        on
            segments.provider = rates.provider
            and segments.model = rates.model
            and segments.service_tier = rates.service_tier
            and segments.valid_from >= rates.valid_from
            and segments.valid_from < rates.valid_to
    where segments.valid_to is not null

),

bands as (

    select
        provider,
        model,
        service_tier,
        valid_from,
        valid_to,
        above_tokens,
        lead(above_tokens) over (
            partition by provider, model, service_tier, valid_from
            order by above_tokens
        ) as up_to_tokens
    from (
        select distinct provider, model, service_tier, valid_from, valid_to, above_tokens from segment_rates
    )

),

band_rates as (

    select
        bands.provider,
        bands.model,
        bands.service_tier,
        bands.valid_from,
        bands.valid_to,
        bands.above_tokens,
        bands.up_to_tokens,
        segment_rates.token_kind,
        max_by(segment_rates.price_per_million, segment_rates.above_tokens) as price_per_million,
        max_by(segment_rates.currency, segment_rates.above_tokens) as currency
    from bands
    inner join segment_rates
        on
            bands.provider = segment_rates.provider
            and bands.model = segment_rates.model
            and bands.service_tier = segment_rates.service_tier
            and bands.valid_from = segment_rates.valid_from
            and bands.above_tokens >= segment_rates.above_tokens
    group by
        bands.provider,
        bands.model,
        bands.service_tier,
        bands.valid_from,
        bands.valid_to,
        bands.above_tokens,
        bands.up_to_tokens,
        segment_rates.token_kind

),

cards as (

    select
        provider,
        model,
        service_tier,
        valid_from,
        valid_to,
        above_tokens,
        up_to_tokens,
        min(currency) as currency,
        count(distinct currency) as currencies,
        max(case when token_kind = 'input' then price_per_million end) as input_price,
        max(case when token_kind = 'cache_read' then price_per_million end) as cache_read_price,
        max(case when token_kind = 'cache_write' then price_per_million end) as cache_write_price,
        max(case when token_kind = 'cache_write_1h' then price_per_million end) as cache_write_1h_price,
        max(case when token_kind = 'output' then price_per_million end) as output_price,
        max(case when token_kind = 'reasoning' then price_per_million end) as reasoning_price,
        max(case when token_kind = 'audio_input' then price_per_million end) as audio_input_price,
        max(case when token_kind = 'audio_output' then price_per_million end) as audio_output_price,
        max(case when token_kind = 'image_input' then price_per_million end) as image_input_price,
        max(case when token_kind = 'request' then price_per_million end) as request_price
    from band_rates
    group by
        provider,
        model,
        service_tier,
        valid_from,
        valid_to,
        above_tokens,
        up_to_tokens

)

-- A kind without a price of its own is billed as the kind that it is a part of; a price of 0 stays 0.
select
    provider,
    model,
    service_tier,
    valid_from,
    valid_to,
    case when above_tokens = 0 then -1 else above_tokens end as above_tokens,
    coalesce(up_to_tokens, 9000000000000000) as up_to_tokens,
    currency,
    currencies,
    input_price,
    coalesce(cache_read_price, input_price) as cache_read_price,
    coalesce(cache_write_price, input_price) as cache_write_price,
    coalesce(cache_write_1h_price, cache_write_price, input_price) as cache_write_1h_price,
    output_price,
    coalesce(reasoning_price, output_price) as reasoning_price,
    coalesce(audio_input_price, input_price) as audio_input_price,
    coalesce(audio_output_price, output_price) as audio_output_price,
    coalesce(image_input_price, input_price) as image_input_price,
    coalesce(request_price, 0) as request_price,
    greatest(
        coalesce(input_price, 0), coalesce(cache_read_price, 0), coalesce(cache_write_price, 0),
        coalesce(cache_write_1h_price, 0), coalesce(output_price, 0), coalesce(reasoning_price, 0),
        coalesce(audio_input_price, 0), coalesce(audio_output_price, 0), coalesce(image_input_price, 0),
        coalesce(request_price, 0)
    ) = 0 as is_free
from cards