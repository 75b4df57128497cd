-- Guarantees one row per provider and way in which its invoices and cost reports name a line, with the model and token
-- kind that the first matching rule gives; both null when no rule matches. Rules on the SKU come before those on the
-- meter, the description and the line item; among rules on one field the longest pattern comes first. Models are looked
-- up as those of the logs are; one that nothing knows keeps its name as it is written.
with lines as (

    select
        coalesce(provider_aliases.provider, charges.logged_provider) as provider,
        charges.sku_id,
        charges.sku_meter,
        charges.charge_description,
        cast(null as varchar) as line_item
    from {{ ref('stg_invoices__charges') }} as charges
    left join {{ ref('stg_reference__provider_aliases') }} as provider_aliases
        on charges.logged_provider = lower(provider_aliases.alias)

    union all

    select
        'openai' as provider,
        cast(null as varchar) as sku_id,
        cast(null as varchar) as sku_meter,
        cast(null as varchar) as charge_description,
        line_item
    from {{ ref('stg_openai__costs') }}

),

names as (

    select distinct
        provider,
        coalesce(sku_id, '') as sku_id,
        coalesce(sku_meter, '') as sku_meter,
        coalesce(charge_description, '') as charge_description,
        coalesce(line_item, '') as line_item
    from lines

),

candidates as (

    select
        names.provider,
        names.sku_id,
        names.sku_meter,
        names.charge_description,
        names.line_item,
        rules.model,
        rules.token_kind,
        rules.pattern,
        case rules.field
            when 'sku_id' then names.sku_id
            when 'sku_meter' then names.sku_meter
            when 'charge_description' then names.charge_description
            else names.line_item
        end as named,
        case rules.field when 'sku_id' then 1 when 'sku_meter' then 2 when 'charge_description' then 3 else 4 end
            as field_order
    from names
    inner join {{ ref('stg_reference__invoice_skus') }} as rules on names.provider = rules.provider

),

ranked_matches as (

    select
        provider,
        sku_id,
        sku_meter,
        charge_description,
        line_item,
        model,
        token_kind,
        pattern,
        named,
        field_order,
        replace(model, '\1', {{ first_group('named', 'pattern') }}) as named_model,
        row_number() over (
            partition by provider, sku_id, sku_meter, charge_description, line_item
            order by field_order asc, length(pattern) desc, pattern asc, model asc, token_kind asc
        ) as preference
    from candidates
    where
        named <> ''
        and {{ matches_fully('named', 'pattern') }}

)

select
    names.provider,
    names.sku_id,
    names.sku_meter,
    names.charge_description,
    names.line_item,
    coalesce(model_names.model, matches.named_model) as model,
    matches.token_kind
from names
left join ranked_matches as matches
    on
        names.provider = matches.provider
        and names.sku_id = matches.sku_id
        and names.sku_meter = matches.sku_meter
        and names.charge_description = matches.charge_description
        and names.line_item = matches.line_item
        and matches.preference = 1
left join {{ ref('int_model_names') }} as model_names
    on
        matches.provider = model_names.provider
        and {{ model_name_key('matches.named_model') }} = model_names.name_key
