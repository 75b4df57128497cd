{%- set openai_kinds = {
    'input': 'input_tokens', 'cache_read': 'cache_read_tokens', 'cache_write': 'cache_write_tokens',
    'output': 'output_tokens', 'audio_input': 'audio_input_tokens', 'audio_output': 'audio_output_tokens',
    'image_input': 'image_input_tokens', 'web_search': 'web_search_calls', 'file_search': 'file_search_calls',
    'code_interpreter': 'code_interpreter_calls'
} %}
{%- set anthropic_kinds = {
    'input': 'input_tokens', 'cache_read': 'cache_read_tokens', 'cache_write': 'cache_write_tokens',
    'cache_write_1h': 'cache_write_1h_tokens', 'output': 'output_tokens', 'web_search': 'web_search_calls'
} %}

-- Guarantees one row per provider, month, model and token kind that a provider's own usage or cost report names. Where
-- a day came in buckets of several widths, the widest count: the others are parts of them. Models are looked up as those
-- of the logs are.
with buckets as (

    {% for kind, column in openai_kinds.items() -%}
    select
        'openai' as provider,
        source,
        'usage ' || report as report,
        bucket_start,
        bucket_end,
        logged_model,
        '{{ kind }}' as token_kind,
        {{ column }} as tokens,
        cast(null as decimal(38, 12)) as amount,
        cast(null as varchar) as currency
    from {{ ref('stg_openai__usage') }}
    union all
    {% endfor -%}
    {% for kind, column in anthropic_kinds.items() -%}
    select
        'anthropic' as provider,
        source,
        'usage' as report,
        bucket_start,
        bucket_end,
        logged_model,
        '{{ kind }}' as token_kind,
        {{ column }} as tokens,
        cast(null as decimal(38, 12)) as amount,
        cast(null as varchar) as currency
    from {{ ref('stg_anthropic__usage') }}
    union all
    {% endfor -%}
    select
        'openai' as provider,
        costs.source,
        'costs' as report,
        costs.bucket_start,
        costs.bucket_end,
        names.model as logged_model,
        names.token_kind,
        cast(null as bigint) as tokens,
        costs.amount,
        costs.currency
    from {{ ref('stg_openai__costs') }} as costs
    left join {{ ref('int_billed_names') }} as names
        on
            names.provider = 'openai'
            and names.sku_id = ''
            and names.sku_meter = ''
            and names.charge_description = ''
            and coalesce(costs.line_item, '') = names.line_item
    union all
    select
        'anthropic' as provider,
        source,
        'costs' as report,
        bucket_start,
        bucket_end,
        logged_model,
        token_kind,
        cast(null as bigint) as tokens,
        amount,
        currency
    from {{ ref('stg_anthropic__costs') }}

),

dated_buckets as (

    select
        provider,
        source,
        report,
        bucket_start,
        bucket_end,
        logged_model,
        token_kind,
        tokens,
        amount,
        currency,
        {{ day_of('bucket_start') }} as day,
        {{ microseconds_between('bucket_start', 'bucket_end') }} as width,
        max({{ microseconds_between('bucket_start', 'bucket_end') }}) over (
            partition by provider, source, report, {{ day_of('bucket_start') }}
        ) as widest
    from buckets
    where bucket_start <= {{ as_of() }}

)

select
    dated_buckets.provider,
    {{ period_start('dated_buckets.day', 'month') }} as month,
    coalesce(model_names.model, dated_buckets.logged_model, 'unmapped') as model,
    coalesce(dated_buckets.token_kind, 'unmapped') as token_kind,
    cast(sum(dated_buckets.tokens) as decimal(38, 0)) as reported_tokens,
    cast(sum({{ converted('dated_buckets.amount', 'fx.rate') }}) as decimal(38, 12)) as reported_cost
from dated_buckets
left join {{ ref('int_model_names') }} as model_names
    on
        dated_buckets.provider = model_names.provider
        and {{ model_name_key('dated_buckets.logged_model') }} = model_names.name_key
left join {{ ref('int_fx_rates') }} as fx
    on
        dated_buckets.currency = fx.currency
        and dated_buckets.day >= fx.valid_from
        and dated_buckets.day < fx.valid_to
where
    dated_buckets.width = dated_buckets.widest
    and (dated_buckets.tokens <> 0 or dated_buckets.amount is not null)
group by 1, 2, 3, 4
