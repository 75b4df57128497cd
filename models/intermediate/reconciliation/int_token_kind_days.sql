{{ config(materialized='incremental', incremental_strategy='replace_days') }}

{%- set kinds = {
    'input': ['attempts.input_tokens', 'input_price'],
    'cache_read': ['attempts.cache_read_tokens', 'cache_read_price'],
    'cache_write': ['attempts.cache_write_tokens', 'cache_write_price'],
    'cache_write_1h': ['attempts.cache_write_1h_tokens', 'cache_write_1h_price'],
    'output': ['attempts.output_tokens - attempts.reasoning_tokens', 'output_price'],
    'reasoning': ['attempts.reasoning_tokens', 'reasoning_price'],
    'audio_input': ['attempts.audio_input_tokens', 'audio_input_price'],
    'audio_output': ['attempts.audio_output_tokens', 'audio_output_price'],
    'image_input': ['attempts.image_input_tokens', 'image_input_price'],
    'request': [
        'case when attempts.reached_model and rate_cards.request_price > 0 then 1 else 0 end', 'request_price'
    ]
} %}

-- Guarantees one row per day, owner, use case, provider, model, service tier and token kind: the tokens used and what
-- of the attempts' cost falls to them. The parts of a group add up exactly to the cost of its attempts; the rest that
-- rounding leaves goes to the kind that costs most. What cannot be split, because the book has no price and the log's
-- own cost stands in, is of the kind `unsplit`. Cache hits use no tokens of a provider.
with priced_attempts as (

    select
        attempts.day,
        attempts.owner,
        attempts.use_case,
        attempts.provider,
        attempts.model,
        attempts.service_tier,
        attempts.cost,
        attempts.cost_source in ('logged', 'unpriced') as is_unpriced,
        {%- for kind, (tokens, price) in kinds.items() %}
        case when attempts.cache_hit then 0 else {{ tokens }} end as {{ kind }}_tokens,
        cast(rate_cards.{{ price }} as decimal(24, 15)) as {{ price }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('attempts') }} as attempts
    left join {{ ref('int_rate_cards') }} as rate_cards
        on
            attempts.provider = rate_cards.provider
            and attempts.model = rate_cards.model
            and attempts.service_tier = rate_cards.service_tier
            and attempts.started_at >= rate_cards.valid_from
            and attempts.started_at < rate_cards.valid_to
            and {{ priced_input_tokens('attempts') }} > rate_cards.above_tokens
            and {{ priced_input_tokens('attempts') }} <= rate_cards.up_to_tokens
    where true {{ and_in_rebuild_days('attempts.day') }}

),

-- Attempts at the same prices are split together: the parts of the sum are the sums of the parts.
groups as (

    select
        day,
        owner,
        use_case,
        provider,
        model,
        service_tier,
        is_unpriced,
        {%- for kind, (tokens, price) in kinds.items() %}
        {{ price }},
        cast(sum({{ kind }}_tokens) as bigint) as {{ kind }}_tokens,
        {%- endfor %}
        count(*) as attempts,
        cast(coalesce(sum(cost), 0) as decimal(38, 12)) as cost
    from priced_attempts
    group by
        day,
        owner,
        use_case,
        provider,
        model,
        service_tier,
        is_unpriced
        {%- for kind, (tokens, price) in kinds.items() %},
        {{ price }}
        {%- endfor %}

),

numbered_groups as (

    select
        day,
        owner,
        use_case,
        provider,
        model,
        service_tier,
        is_unpriced,
        input_price,
        input_tokens,
        cache_read_price,
        cache_read_tokens,
        cache_write_price,
        cache_write_tokens,
        cache_write_1h_price,
        cache_write_1h_tokens,
        output_price,
        output_tokens,
        reasoning_price,
        reasoning_tokens,
        audio_input_price,
        audio_input_tokens,
        audio_output_price,
        audio_output_tokens,
        image_input_price,
        image_input_tokens,
        request_price,
        request_tokens,
        attempts,
        cost,
        row_number() over (order by day, owner, use_case, provider, model, service_tier) as group_no
    from groups

),

kinds as (

    {% for kind, (tokens, price) in kinds.items() -%}
    select
        group_no,
        {{ loop.index }} as kind_no,
        '{{ kind }}' as token_kind,
        {{ kind }}_tokens as tokens,
        case
            when is_unpriced or {{ kind }}_tokens = 0 then cast(0 as decimal(38, 15))
            else cast({{ kind }}_tokens as decimal(14, 0)) * coalesce({{ price }}, 0)
        end as millionths
    from numbered_groups
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

weighed_kinds as (

    select
        group_no,
        kind_no,
        token_kind,
        tokens,
        millionths,
        sum(millionths) over (partition by group_no) as group_millionths,
        row_number() over (partition by group_no order by millionths desc, kind_no) as place
    from kinds

),

rounded_kinds as (

    select
        numbered_groups.day,
        numbered_groups.owner,
        numbered_groups.use_case,
        numbered_groups.provider,
        numbered_groups.model,
        numbered_groups.service_tier,
        numbered_groups.is_unpriced,
        numbered_groups.cost as group_cost,
        weighed_kinds.group_no,
        weighed_kinds.group_millionths,
        weighed_kinds.place,
        weighed_kinds.token_kind,
        weighed_kinds.tokens,
        cast(round(
            case
                when weighed_kinds.group_millionths = 0 then 0
                -- Book prices as they stand: exact.
                when abs(weighed_kinds.group_millionths * 0.000001 - numbered_groups.cost)
                    <= numbered_groups.attempts * cast('0.000000000001' as decimal(38, 12))
                    then weighed_kinds.millionths * 0.000001
                -- Converted from another currency, or raised or lowered as a whole: in proportion.
                else cast(
                    cast(weighed_kinds.millionths as double) / cast(weighed_kinds.group_millionths as double)
                    * cast(numbered_groups.cost as double) as decimal(38, 12)
                )
            end, 12
        ) as decimal(38, 12)) as rounded_cost
    from weighed_kinds
    inner join numbered_groups on weighed_kinds.group_no = numbered_groups.group_no

),

split_kinds as (

    select
        day,
        owner,
        use_case,
        provider,
        model,
        service_tier,
        is_unpriced,
        group_cost,
        group_no,
        group_millionths,
        place,
        token_kind,
        tokens,
        rounded_cost,
        case
            when group_millionths = 0 then cast(0 as decimal(38, 12))
            when place = 1
                then rounded_cost + group_cost - sum(rounded_cost) over (partition by group_no)
            else rounded_cost
        end as cost
    from rounded_kinds

),

parts as (

    select
        day,
        owner,
        use_case,
        provider,
        model,
        service_tier,
        token_kind,
        tokens,
        case when is_unpriced then tokens else 0 end as unpriced_tokens,
        cost
    from split_kinds
    where tokens <> 0 or cost <> 0

    union all

    select
        day,
        owner,
        use_case,
        provider,
        model,
        service_tier,
        'unsplit' as token_kind,
        0 as tokens,
        0 as unpriced_tokens,
        group_cost as cost
    from split_kinds
    where
        place = 1
        and group_millionths = 0
        and group_cost <> 0

)

select
    day,
    owner,
    use_case,
    provider,
    model,
    service_tier,
    token_kind,
    cast(sum(tokens) as bigint) as tokens,
    cast(sum(unpriced_tokens) as bigint) as unpriced_tokens,
    cast(sum(cost) as decimal(38, 12)) as cost
from parts
group by
    day,
    owner,
    use_case,
    provider,
    model,
    service_tier,
    token_kind
