-- Guarantees one row per provider, model, region, service tier, token kind, threshold and half-open interval: the price
-- in force there, after negotiated prices and discounts. Intervals of a key never overlap.
-- Three steps: which keys are priced at all, at which instants anything about them changes, and what holds between two
-- such instants.
with book as (

    select
        provider,
        model,
        region,
        service_tier,
        token_kind,
        above_tokens,
        price_per_million,
        currency,
        valid_from,
        valid_to
    from "build"."simple"."model_prices"

),

overrides as (

    select
        row_number() over (
            order by provider, model, region, service_tier, token_kind, above_tokens, valid_from, valid_to, source
        ) as override_no,
        provider,
        model,
        region,
        service_tier,
        token_kind,
        above_tokens,
        price_per_million,
        currency,
        discount_share,
        valid_from,
        valid_to
    from "build"."staging"."stg_reference__price_overrides"

),

book_keys as (

    select distinct
        provider,
        model,
        region,
        service_tier,
        token_kind,
        above_tokens
    from book

),

-- When the book prices a tier other than the standard one at all.
own_tiers as (

    select distinct
        provider,
        model,
        region,
        service_tier,
        valid_from,
        valid_to
    from book
    where service_tier <> 'standard'

),

-- A discount for a tier prices that tier also where the book knows only the standard one.
discounted_keys as (

    select distinct
        book_keys.provider,
        book_keys.model,
        book_keys.region,
        overrides.service_tier,
        book_keys.token_kind,
        book_keys.above_tokens
    from book_keys
    inner join overrides
        on
            overrides.discount_share is not null
            and overrides.service_tier <> 'standard'
            and coalesce(overrides.provider, book_keys.provider) = book_keys.provider
            and coalesce(overrides.model, book_keys.model) = book_keys.model
            and coalesce(overrides.region, book_keys.region) = book_keys.region
            and coalesce(overrides.token_kind, book_keys.token_kind) = book_keys.token_kind
    where book_keys.service_tier = 'standard'

),

negotiated_keys as (

    select distinct
        provider,
        model,
        coalesce(region, '') as region,
        coalesce(service_tier, 'standard') as service_tier,
        token_kind,
        above_tokens
    from overrides
    where
        price_per_million is not null
        and provider is not null
        and model is not null
        and token_kind is not null

),

keys as (

    select provider, model, region, service_tier, token_kind, above_tokens from book_keys
    union
    select provider, model, region, service_tier, token_kind, above_tokens from discounted_keys
    union
    select provider, model, region, service_tier, token_kind, above_tokens from negotiated_keys

),

list_prices as (

    select
        keys.provider,
        keys.model,
        keys.region,
        keys.service_tier,
        keys.token_kind,
        keys.above_tokens,
        book.service_tier = keys.service_tier as is_own_tier,
        book.price_per_million,
        book.currency,
        book.valid_from,
        book.valid_to
    from keys
    inner join book
        on
            keys.provider = book.provider
            and keys.model = book.model
            and keys.region = book.region
            and keys.token_kind = book.token_kind
            and keys.above_tokens = book.above_tokens
            and (keys.service_tier = book.service_tier or book.service_tier = 'standard')

),

matching_overrides as (

    select
        keys.provider,
        keys.model,
        keys.region,
        keys.service_tier,
        keys.token_kind,
        keys.above_tokens,
        overrides.override_no,
        overrides.price_per_million,
        overrides.currency,
        overrides.discount_share,
        overrides.valid_from,
        overrides.valid_to,
        row(overrides.model is not null, overrides.provider is not null, overrides.service_tier is not null, overrides.token_kind is not null, overrides.region is not null) as specificity
    from keys
    inner join overrides
        on
            coalesce(overrides.provider, keys.provider) = keys.provider
            and coalesce(overrides.model, keys.model) = keys.model
            and coalesce(overrides.region, keys.region) = keys.region
            and coalesce(overrides.service_tier, keys.service_tier) = keys.service_tier
            and coalesce(overrides.token_kind, keys.token_kind) = keys.token_kind
            -- A price is for its own threshold; a discount is for all of them.
            and (overrides.discount_share is not null or overrides.above_tokens = keys.above_tokens)

),

tier_changes as (

    select
        keys.provider,
        keys.model,
        keys.region,
        keys.service_tier,
        keys.token_kind,
        keys.above_tokens,
        own_tiers.valid_from,
        own_tiers.valid_to
    from keys
    inner join own_tiers
        on
            keys.provider = own_tiers.provider
            and keys.model = own_tiers.model
            and keys.region = own_tiers.region
            and keys.service_tier = own_tiers.service_tier

),

boundaries as (

    select provider, model, region, service_tier, token_kind, above_tokens, valid_from as boundary from tier_changes
    union
    select provider, model, region, service_tier, token_kind, above_tokens, valid_to as boundary from tier_changes
    union
    select provider, model, region, service_tier, token_kind, above_tokens, valid_from as boundary from list_prices
    union
    select provider, model, region, service_tier, token_kind, above_tokens, valid_to as boundary from list_prices
    union
    select provider, model, region, service_tier, token_kind, above_tokens, valid_from as boundary
    from matching_overrides
    union
    select provider, model, region, service_tier, token_kind, above_tokens, valid_to as boundary
    from matching_overrides

),

segments as (

    select
        provider,
        model,
        region,
        service_tier,
        token_kind,
        above_tokens,
        boundary as valid_from,
        lead(boundary) over (
            partition by provider, model, region, service_tier, token_kind, above_tokens
            order by boundary
        ) as valid_to
    from boundaries

),

-- The most specific override of a segment wins, a named model before a named provider, tier or kind; the later one
-- among equals.
segment_overrides as (

    select
        segments.provider,
        segments.model,
        segments.region,
        segments.service_tier,
        segments.token_kind,
        segments.above_tokens,
        segments.valid_from,
        matching_overrides.price_per_million,
        matching_overrides.currency,
        matching_overrides.discount_share,
        row_number() over (
            partition by
                segments.provider, segments.model, segments.region, segments.service_tier, segments.token_kind,
                segments.above_tokens, segments.valid_from
            order by
                matching_overrides.specificity desc,
                matching_overrides.valid_from desc,
                matching_overrides.override_no desc
        ) as preference
    from segments
    inner join matching_overrides
        on
            segments.provider = matching_overrides.provider
            and segments.model = matching_overrides.model
            and segments.region = matching_overrides.region
            and segments.service_tier = matching_overrides.service_tier
            and segments.token_kind = matching_overrides.token_kind
            and segments.above_tokens = matching_overrides.above_tokens
            and segments.valid_from >= matching_overrides.valid_from
            and segments.valid_from < matching_overrides.valid_to

),

-- Where the book prices the tier, a kind or threshold that it leaves out falls back within the tier, never to the
-- standard tier: otherwise a discount could raise a price.
segments_of_own_tiers as (

    select distinct
        segments.provider,
        segments.model,
        segments.region,
        segments.service_tier,
        segments.token_kind,
        segments.above_tokens,
        segments.valid_from
    from segments
    inner join own_tiers
        on
            segments.provider = own_tiers.provider
            and segments.model = own_tiers.model
            and segments.region = own_tiers.region
            and segments.service_tier = own_tiers.service_tier
            and segments.valid_from >= own_tiers.valid_from
            and segments.valid_from < own_tiers.valid_to

),

-- A discount takes off the tier's own list price while the book prices the tier, else off the standard tier's.
priced_segments as (

    select
        segments.provider,
        segments.model,
        segments.region,
        segments.service_tier,
        segments.token_kind,
        segments.above_tokens,
        segments.valid_from,
        segments.valid_to,
        coalesce(own_tier.price_per_million, standard_tier.price_per_million) as list_price_per_million,
        case
            when segment_overrides.price_per_million is not null
                then cast(segment_overrides.price_per_million as decimal(27, 15))
            when segment_overrides.discount_share is not null
                then cast(
                    coalesce(own_tier.price_per_million, standard_tier.price_per_million)
                    * (1 - cast(segment_overrides.discount_share as decimal(7, 6))) as decimal(27, 15)
                )
            else cast(own_tier.price_per_million as decimal(27, 15))
        end as price_per_million,
        case
            when segment_overrides.price_per_million is not null then segment_overrides.currency
            else coalesce(own_tier.currency, standard_tier.currency)
        end as currency
    from segments
    left join list_prices as own_tier
        on
            segments.provider = own_tier.provider
            and segments.model = own_tier.model
            and segments.region = own_tier.region
            and segments.service_tier = own_tier.service_tier
            and segments.token_kind = own_tier.token_kind
            and segments.above_tokens = own_tier.above_tokens
            and segments.valid_from >= own_tier.valid_from
            and segments.valid_from < own_tier.valid_to
            and own_tier.is_own_tier
    left join segments_of_own_tiers
        on
            segments.provider = segments_of_own_tiers.provider
            and segments.model = segments_of_own_tiers.model
            and segments.region = segments_of_own_tiers.region
            and segments.service_tier = segments_of_own_tiers.service_tier
            and segments.token_kind = segments_of_own_tiers.token_kind
            and segments.above_tokens = segments_of_own_tiers.above_tokens
            and segments.valid_from = segments_of_own_tiers.valid_from
    left join list_prices as standard_tier
        on
            segments.provider = standard_tier.provider
            and segments.model = standard_tier.model
            and segments.region = standard_tier.region
            and segments.service_tier = standard_tier.service_tier
            and segments.token_kind = standard_tier.token_kind
            and segments.above_tokens = standard_tier.above_tokens
            and segments.valid_from >= standard_tier.valid_from
            and segments.valid_from < standard_tier.valid_to
            and not standard_tier.is_own_tier
            and segments_of_own_tiers.provider is null
    left join segment_overrides
        on
            segments.provider = segment_overrides.provider
            and segments.model = segment_overrides.model
            and segments.region = segment_overrides.region
            and segments.service_tier = segment_overrides.service_tier
            and segments.token_kind = segment_overrides.token_kind
            and segments.above_tokens = segment_overrides.above_tokens
            and segments.valid_from = segment_overrides.valid_from
            and segment_overrides.preference = 1
    where segments.valid_to is not null

)

select
    provider,
    model,
    region,
    service_tier,
    token_kind,
    above_tokens,
    valid_from,
    valid_to,
    price_per_million,
    list_price_per_million,
    currency
from priced_segments
where price_per_million is not null