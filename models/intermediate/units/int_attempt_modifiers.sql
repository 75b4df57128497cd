{{ config(materialized='incremental', incremental_strategy='replace_days') }}

{%- set key = ['day', 'source', 'attempt_id'] %}
{#- An attempt with more attributes that have a price is not known. -#}
{%- set most = 4 %}

-- Guarantees one row per attempt whose log states attributes that prices may hang on: the factor on the price of its
-- tokens, the tier of the book whose prices hold instead, and the attributes that nobody knows. A row for the model comes
-- before one for all of its provider, a row for the value before one for all values. Where the region of the data has
-- prices of its own, they hold already.
with stated_attributes as (

    select
        {{ columns_of('attempts', key) }},
        attempts.started_at,
        attempts.region,
        coalesce(provider_aliases.provider, attempts.logged_provider) as provider,
        attempts.logged_model,
        attributes.name as attribute,
        lower({{ json_member('attempts.modifiers', 'attributes.name') }}) as value
    from {{ ref('int_attempts') }} as attempts
    cross join {{ json_names('attempts.modifiers', 'attributes') }}
    left join {{ ref('stg_reference__provider_aliases') }} as provider_aliases
        on attempts.logged_provider = provider_aliases.alias
    where
        attempts.modifiers is not null
        {{ and_in_rebuild_days('attempts.day') }}

),

ranked_modifiers as (

    select
        {{ columns_of('stated', key) }},
        stated.attribute,
        stated.value,
        modifiers.attribute is not null as is_known,
        case
            when stated.attribute in ('data_residency', 'vertex_location')
                and {{ price_region('stated.region', 'model_names.priced_regions') }} <> ''
                then cast(1 as decimal(9, 6))
            else modifiers.multiplier
        end as multiplier,
        modifiers.price_list,
        row_number() over (
            partition by {{ columns_of('stated', key) }}, stated.attribute
            order by
                case when modifiers.model is not null then 0 else 1 end,
                case when modifiers.value is not null then 0 else 1 end
        ) as preference
    from stated_attributes as stated
    left join {{ ref('int_model_names') }} as model_names
        on
            stated.provider = model_names.provider
            and {{ model_name_key('stated.logged_model') }} = model_names.name_key
    left join {{ ref('stg_reference__price_modifiers') }} as modifiers
        on
            stated.provider = modifiers.provider
            and coalesce(model_names.model, stated.logged_model) = coalesce(modifiers.model, model_names.model, stated.logged_model)
            and stated.attribute = modifiers.attribute
            and stated.value = coalesce(modifiers.value, stated.value)
            and stated.started_at >= modifiers.valid_from
            and stated.started_at < modifiers.valid_to

),

chosen_modifiers as (

    select
        {{ key | join(', ') }},
        attribute,
        value,
        is_known,
        multiplier,
        price_list,
        row_number() over (partition by {{ key | join(', ') }} order by case when is_known then 0 else 1 end, attribute) as position
    from ranked_modifiers
    where preference = 1

)

select
    {{ key | join(',\n    ') }},
    cast(round(
        {%- for position in range(1, most + 1) %}
        {{ '* ' if not loop.first }}coalesce(max(case when position = {{ position }} then multiplier end), 1)
        {%- endfor %}, 6
    ) as decimal(9, 6)) as multiplier,
    max(price_list) as price_list,
    {{ joined_texts("case when not is_known or position > " ~ most ~ " then attribute end", ',', 'attribute') }} as unknown_attributes
from chosen_modifiers
group by {{ key | join(', ') }}
