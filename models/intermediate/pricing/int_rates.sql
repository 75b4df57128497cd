{%- set model_key = ['book_version', 'provider', 'model'] %}
{%- set kind_key = model_key + ['region', 'service_tier', 'price_window', 'token_kind'] %}
{%- set rate_key = kind_key + ['above_tokens'] %}
{%- set segment_key = kind_key + ['valid_from'] %}

-- Guarantees one row per version of the book, provider, model, region, service tier, part of the week, token kind,
-- threshold and half-open interval: the price in force there, after negotiated prices, discounts and uplifts. Intervals
-- of a key never overlap.
-- Four steps: which keys are priced at all, at which instants anything about their model changes, what the book says
-- between two such instants, and which override holds there.
with versions as (

    select
        book_version,
        known_from
    from {{ ref('int_book_versions') }}

),

-- The second book has only what the first one lacks.
listed_prices as (

    select
        provider, model, region, service_tier, price_window, token_kind, above_tokens, price_per_million, currency, source,
        known_from, valid_from, valid_to
    from {{ ref('stg_reference__model_prices') }}
    union all
    select
        provider, model, region, service_tier, price_window, token_kind, above_tokens, price_per_million, currency, source,
        known_from, valid_from, valid_to
    from {{ ref('stg_reference__second_prices') }}

),

book as (

    select
        versions.book_version,
        prices.provider,
        prices.model,
        prices.region,
        prices.service_tier,
        prices.price_window,
        prices.token_kind,
        prices.above_tokens,
        prices.price_per_million,
        prices.currency,
        prices.source,
        prices.known_from,
        prices.valid_from,
        prices.valid_to
    from listed_prices as prices
    inner join versions on prices.known_from <= versions.known_from

),

overrides as (

    select
        versions.book_version,
        row_number() over (
            order by
                overrides.provider, overrides.model, overrides.region, overrides.service_tier, overrides.price_window,
                overrides.token_kind, overrides.above_tokens, overrides.known_from, overrides.valid_from,
                overrides.valid_to, overrides.source
        ) as override_no,
        overrides.provider,
        overrides.model,
        overrides.region,
        overrides.service_tier,
        overrides.price_window,
        overrides.token_kind,
        overrides.above_tokens,
        overrides.price_per_million,
        overrides.currency,
        overrides.discount_share,
        overrides.multiplier,
        overrides.source,
        overrides.known_from,
        overrides.valid_from,
        overrides.valid_to
    from {{ ref('stg_reference__price_overrides') }} as overrides
    inner join versions on overrides.known_from <= versions.known_from

),

book_keys as (

    select distinct {{ kind_key | join(', ') }}
    from book

),

-- A discount or an uplift that names a tier, a region or a part of the week prices it also where the book does not know
-- it: each step adds those of its own to the keys found so far.
{%- set steps = [
    ('tier_keys', 'book_keys', 'service_tier', 'standard'),
    ('region_keys', 'tier_keys', 'region', ''),
    ('window_keys', 'region_keys', 'price_window', '')
] %}
{%- for name, known_keys, named, everywhere in steps %}
{{ name }} as (

    select {{ kind_key | join(', ') }}
    from {{ known_keys }}
    union
    select
        {%- for column in kind_key %}
        {{ 'overrides' if column == named else known_keys }}.{{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ known_keys }}
    inner join overrides
        on
            overrides.price_per_million is null
            and overrides.{{ named }} is not null
            and {{ known_keys }}.{{ named }} = '{{ everywhere }}'
            and {{ known_keys }}.book_version = overrides.book_version
            {%- for column in kind_key if column not in ('book_version', named) %}
            and coalesce(overrides.{{ column }}, {{ known_keys }}.{{ column }}) = {{ known_keys }}.{{ column }}
            {%- endfor %}

),
{% endfor %}
negotiated_keys as (

    select distinct
        book_version,
        provider,
        model,
        coalesce(region, '') as region,
        coalesce(service_tier, 'standard') as service_tier,
        coalesce(price_window, '') as price_window,
        token_kind
    from overrides
    where
        price_per_million is not null
        and provider is not null
        and model is not null
        and token_kind is not null

),

keys as (

    select {{ kind_key | join(', ') }} from window_keys
    union
    select {{ kind_key | join(', ') }} from negotiated_keys

),

models as (

    select distinct {{ model_key | join(', ') }}
    from keys

),

model_overrides as (

    select
        {{ columns_of('models', model_key) }},
        overrides.valid_from,
        overrides.valid_to
    from models
    inner join overrides
        on
            models.book_version = overrides.book_version
            and coalesce(overrides.provider, models.provider) = models.provider
            and coalesce(overrides.model, models.model) = models.model

),

boundaries as (

    select {{ model_key | join(', ') }}, valid_from as boundary from book
    union
    select {{ model_key | join(', ') }}, valid_to as boundary from book
    union
    select {{ model_key | join(', ') }}, valid_from as boundary from model_overrides
    union
    select {{ model_key | join(', ') }}, valid_to as boundary from model_overrides

),

segments as (

    select
        {{ model_key | join(', ') }},
        boundary as valid_from,
        lead(boundary) over (partition by {{ model_key | join(', ') }} order by boundary) as valid_to
    from boundaries

),

-- What the book says in a segment; of two rows for one key the one that became known later corrects the other.
segment_book as (

    select
        {{ columns_of('book', rate_key) }},
        book.price_per_million,
        book.currency,
        book.source,
        segments.valid_from,
        row_number() over (
            partition by {{ columns_of('book', rate_key) }}, segments.valid_from
            order by book.known_from desc, book.valid_from desc
        ) as preference
    from segments
    inner join book
        on
            {{ same('segments', 'book', model_key) }}
            and segments.valid_from >= book.valid_from
            and segments.valid_from < book.valid_to

),

segment_tiers as (

    select distinct
        {{ model_key | join(', ') }},
        service_tier,
        valid_from
    from segment_book
    where service_tier <> 'standard'

),

segment_keys as (

    select
        {{ columns_of('keys', kind_key) }},
        segments.valid_from,
        segments.valid_to,
        -- While the book prices the tier, what it leaves out is not taken from the standard tier: otherwise a discount
        -- could raise a price.
        case when segment_tiers.service_tier is null then 'standard' else keys.service_tier end as listed_tier,
        coalesce(meters.unit, 'tokens') <> 'tokens' as is_stand_alone
    from keys
    left join {{ ref('stg_reference__meters') }} as meters on keys.token_kind = meters.meter
    inner join segments on {{ same('keys', 'segments', model_key) }}
    left join segment_tiers
        on
            {{ same('segments', 'segment_tiers', model_key + ['valid_from']) }}
            and keys.service_tier = segment_tiers.service_tier
    where segments.valid_to is not null

),

-- Prices of the region and of the part of the week come before those without, kind by kind with all thresholds.
nearest_prices as (

    select
        {{ columns_of('segment_keys', segment_key) }},
        segment_book.above_tokens,
        segment_book.price_per_million,
        segment_book.currency,
        segment_book.source,
        segment_book.service_tier = segment_keys.service_tier
        and segment_book.region = segment_keys.region
        and segment_book.price_window = segment_keys.price_window as is_own,
        dense_rank() over (
            partition by {{ columns_of('segment_keys', segment_key) }}
            order by
                case when segment_book.region = segment_keys.region then 0 else 1 end,
                case when segment_book.price_window = segment_keys.price_window then 0 else 1 end
        ) as distance
    from segment_keys
    inner join segment_book
        on
            {{ same('segment_keys', 'segment_book', model_key + ['token_kind', 'valid_from']) }}
            and segment_keys.listed_tier = segment_book.service_tier
            and (segment_book.region = segment_keys.region or segment_book.region = '')
            and (segment_book.price_window = segment_keys.price_window or segment_book.price_window = '')
            and segment_book.preference = 1

),

list_prices as (

    select
        {{ segment_key | join(', ') }},
        above_tokens,
        price_per_million,
        currency,
        source,
        is_own
    from nearest_prices
    where distance = 1

),

key_overrides as (

    select
        {{ columns_of('segment_keys', segment_key) }},
        overrides.override_no,
        overrides.region as named_region,
        overrides.above_tokens,
        overrides.price_per_million,
        overrides.currency,
        overrides.source,
        overrides.known_from,
        overrides.valid_from as begins_at,
        -- Without a token kind an override is about tokens: calls of tools and storage keep their list price.
        case
            when overrides.token_kind is null and segment_keys.is_stand_alone then 0
            else overrides.discount_share
        end as discount_share,
        case
            when overrides.token_kind is null and segment_keys.is_stand_alone then 1
            else overrides.multiplier
        end as multiplier,
        overrides.multiplier is not null as is_uplift,
        {{ composite([
            'overrides.model is not null', 'overrides.provider is not null', 'overrides.service_tier is not null',
            'overrides.token_kind is not null', 'overrides.region is not null', 'overrides.price_window is not null'
        ]) }} as specificity
    from segment_keys
    inner join overrides
        on
            segment_keys.book_version = overrides.book_version
            {%- for column in kind_key if column != 'book_version' %}
            and coalesce(overrides.{{ column }}, segment_keys.{{ column }}) = segment_keys.{{ column }}
            {%- endfor %}
            and segment_keys.valid_from >= overrides.valid_from
            and segment_keys.valid_from < overrides.valid_to
            and (
                overrides.price_per_million is null
                or overrides.token_kind is not null
                or not segment_keys.is_stand_alone
            )

),

thresholds as (

    select {{ segment_key | join(', ') }}, above_tokens from list_prices
    union
    select {{ segment_key | join(', ') }}, above_tokens from key_overrides where price_per_million is not null

),

-- The most specific override of a segment wins, a named model before a named provider, tier, kind, region or part of the
-- week; among equals the one that became known later, then the one that began later. Uplifts are chosen apart: one
-- negotiated price or discount and one uplift can hold together. A price is for its own threshold, the others for all.
ranked_overrides as (

    select
        {{ columns_of('thresholds', segment_key) }},
        thresholds.above_tokens,
        key_overrides.named_region,
        key_overrides.price_per_million,
        key_overrides.currency,
        key_overrides.source,
        key_overrides.discount_share,
        key_overrides.multiplier,
        key_overrides.is_uplift,
        row_number() over (
            partition by {{ columns_of('thresholds', segment_key) }}, thresholds.above_tokens, key_overrides.is_uplift
            order by
                key_overrides.specificity desc,
                key_overrides.known_from desc,
                key_overrides.begins_at desc,
                key_overrides.override_no desc
        ) as preference
    from thresholds
    inner join key_overrides
        on
            {{ same('thresholds', 'key_overrides', segment_key) }}
            and (
                key_overrides.price_per_million is null
                or key_overrides.above_tokens = thresholds.above_tokens
            )

),

-- A discount takes off the tier's own list price while the book prices the tier, else off the standard tier's. An uplift
-- multiplies what would be paid without it; a price negotiated for the very region is final.
priced_segments as (

    select
        {{ columns_of('segment_keys', kind_key) }},
        thresholds.above_tokens,
        segment_keys.valid_from,
        segment_keys.valid_to,
        list_prices.price_per_million as list_price_per_million,
        list_prices.currency as list_currency,
        -- At most 9 + 6 decimals, and 6 more of an uplift on a discount, which are rounded away.
        cast(
            round(
                case
                    when agreed.price_per_million is not null and agreed.named_region is not null
                        then cast(agreed.price_per_million as decimal(38, 21))
                    when agreed.price_per_million is not null
                        then cast(agreed.price_per_million as decimal(27, 9)) * coalesce(uplift.multiplier, 1)
                    when agreed.discount_share is not null
                        then cast(list_prices.price_per_million as decimal(27, 9))
                            * (1 - cast(agreed.discount_share as decimal(7, 6))) * coalesce(uplift.multiplier, 1)
                    when uplift.multiplier is not null
                        then cast(list_prices.price_per_million as decimal(27, 9)) * uplift.multiplier
                    when list_prices.is_own then list_prices.price_per_million
                end, 15
            ) as decimal(27, 15)
        ) as price_per_million,
        case
            when agreed.price_per_million is not null then agreed.currency
            else list_prices.currency
        end as currency,
        coalesce(agreed.source, uplift.source, list_prices.source) as source
    from segment_keys
    inner join thresholds on {{ same('segment_keys', 'thresholds', segment_key) }}
    left join list_prices on {{ same('thresholds', 'list_prices', segment_key + ['above_tokens']) }}
    left join ranked_overrides as agreed
        on
            {{ same('thresholds', 'agreed', segment_key + ['above_tokens']) }}
            and not agreed.is_uplift
            and agreed.preference = 1
    left join ranked_overrides as uplift
        on
            {{ same('thresholds', 'uplift', segment_key + ['above_tokens']) }}
            and uplift.is_uplift
            and uplift.preference = 1

),

-- Segments begin wherever anything about the model changes; a price that goes on is one row again.
marked_segments as (

    select
        {{ rate_key | join(', ') }},
        valid_from,
        valid_to,
        price_per_million,
        list_price_per_million,
        currency,
        list_currency,
        source,
        case
            when
                lag(valid_to) over (partition by {{ rate_key | join(', ') }} order by valid_from) = valid_from
                {%- for column in [
                    'price_per_million', 'list_price_per_million', 'currency', 'list_currency', 'source'
                ] %}
                and not (
                    lag({{ column }}) over (partition by {{ rate_key | join(', ') }} order by valid_from)
                    is distinct from {{ column }}
                )
                {%- endfor %}
                then 0
            else 1
        end as begins
    from priced_segments
    where price_per_million is not null

),

numbered_segments as (

    select
        {{ rate_key | join(', ') }},
        valid_from,
        valid_to,
        price_per_million,
        list_price_per_million,
        currency,
        list_currency,
        source,
        sum(begins) over (partition by {{ rate_key | join(', ') }} order by valid_from) as interval_no
    from marked_segments

)

select
    {{ rate_key | join(',\n    ') }},
    min(valid_from) as valid_from,
    max(valid_to) as valid_to,
    min(price_per_million) as price_per_million,
    min(list_price_per_million) as list_price_per_million,
    min(currency) as currency,
    min(list_currency) as list_currency,
    min(source) as source
from numbered_segments
group by
    {{ rate_key | join(',\n    ') }},
    interval_no
