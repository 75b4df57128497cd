-- Guarantees one row per version of the price book that a run as of its time knows. A correction of the past is a row with
-- a later `known_from`; each such instant begins a version. The latest is the published one.
with known_instants as (

    select {{ beginning_of_time() }} as known_from
    union
    select known_from from {{ ref('stg_reference__model_prices') }}
    union
    select known_from from {{ ref('stg_reference__price_overrides') }}

),

versions as (

    select
        known_from,
        row_number() over (order by known_from desc) as recency
    from known_instants
    where known_from <= {{ as_of() }}

)

select
    case
        when known_from = {{ beginning_of_time() }} then 'original'
        else {{ instant_text('known_from') }}
    end as book_version,
    known_from,
    recency = 1 as is_published
from versions
