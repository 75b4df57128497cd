-- Guarantees one row per former version of the price book, month, provider and model: what its inference would cost by
-- the prices known then, beside the published cost. Empty while nothing was ever corrected. Published costs stay as they
-- are: repricing shows a difference and changes nothing.
with published_months as (

    select
        {{ period_start('day', 'month') }} as month,
        provider,
        model,
        cast(sum(attempts) as bigint) as attempts,
        cast(sum(unpriced_attempts) as bigint) as unpriced_attempts,
        cast(sum(inference_cost) as decimal(38, 12)) as published_cost
    from {{ ref('int_spend_days') }}
    group by 1, 2, 3

),

repriced_months as (

    select
        book_version,
        {{ period_start('day', 'month') }} as month,
        provider,
        model,
        cast(sum(difference) as decimal(38, 12)) as difference,
        cast(sum(more_unpriced_attempts) as bigint) as more_unpriced_attempts
    from {{ ref('int_repriced_days') }}
    group by 1, 2, 3, 4

)

select
    versions.book_version,
    versions.known_from,
    published_months.month,
    published_months.provider,
    published_months.model,
    published_months.attempts,
    published_months.published_cost,
    cast(
        published_months.published_cost + coalesce(repriced_months.difference, 0) as decimal(38, 12)
    ) as repriced_cost,
    coalesce(repriced_months.difference, cast(0 as decimal(38, 12))) as difference,
    published_months.unpriced_attempts,
    cast(
        published_months.unpriced_attempts + coalesce(repriced_months.more_unpriced_attempts, 0) as bigint
    ) as repriced_unpriced_attempts
from published_months
cross join {{ ref('int_book_versions') }} as versions
left join repriced_months
    on
        versions.book_version = repriced_months.book_version
        and published_months.month = repriced_months.month
        and published_months.provider = repriced_months.provider
        and published_months.model = repriced_months.model
where not versions.is_published
