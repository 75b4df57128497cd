-- Guarantees one row per provider and name under which a model can be looked up, with what is known about the model: its
-- declared tier, whether the book prices it at any time, and the regions with prices of their own. An alias comes before
-- a model of the same name, a priced model before one that is only declared.
with priced_models as (

    select
        provider,
        model,
        {{ distinct_list("nullif(region, '')") }} as priced_regions
    from {{ ref('int_rates') }}
    group by
        provider,
        model

),

published_models as (

    select distinct
        rates.provider,
        rates.model
    from {{ ref('int_rates') }} as rates
    inner join {{ ref('int_book_versions') }} as versions on rates.book_version = versions.book_version
    where versions.is_published

),

names as (

    select
        provider,
        alias,
        alias as name,
        model,
        1 as rank
    from {{ ref('stg_reference__model_aliases') }}
    union all
    select
        provider,
        cast(null as varchar) as alias,
        model as name,
        model,
        2 as rank
    from priced_models
    union all
    select
        provider,
        cast(null as varchar) as alias,
        model as name,
        model,
        3 as rank
    from {{ ref('stg_reference__models') }}

),

ranked_names as (

    select
        provider,
        {{ model_name_key('name') }} as name_key,
        alias,
        model,
        row_number() over (
            partition by provider, {{ model_name_key('name') }}
            order by rank, name
        ) as preference
    from names

)

select
    ranked_names.provider,
    ranked_names.name_key,
    ranked_names.alias,
    ranked_names.model,
    models.tier as declared_tier,
    published_models.model is not null as is_in_book,
    priced_models.priced_regions
from ranked_names
left join priced_models
    on
        ranked_names.provider = priced_models.provider
        and ranked_names.model = priced_models.model
left join published_models
    on
        ranked_names.provider = published_models.provider
        and ranked_names.model = published_models.model
left join {{ ref('stg_reference__models') }} as models
    on
        ranked_names.provider = models.provider
        and ranked_names.model = models.model
where ranked_names.preference = 1
