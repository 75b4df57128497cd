{%- set kinds = ['input', 'cache_read', 'cache_write', 'cache_write_1h', 'output', 'other'] %}
{%- set token_kinds = kinds[:-1] %}
{%- set context_kinds = kinds[:4] %}

-- One row per comparison, use case, provider, model, service tier and kind of token: what both periods used and paid of
-- it, with the counts of the levels above it. The ratio of each level to the next is one factor of the cost.
with sides as (

    {{ driver_sides() }}

),

tier_sums as (

    select
        sides.comparison,
        sides.label,
        days.use_case,
        days.provider,
        days.model,
        days.service_tier
        {%- for side in ['before', 'after'] %},
        sum(case when sides.side = '{{ side }}' then days.attempts else 0 end) as {{ side }}_attempts,
        sum(case when sides.side = '{{ side }}' then days.attempts - days.cache_hits else 0 end)
            as {{ side }}_tier_calls
        {%- for kind in kinds %},
        {%- if kind in token_kinds %}
        sum(case when sides.side = '{{ side }}' then days.{{ kind }}_tokens else 0 end) as {{ side }}_{{ kind }}_tokens,
        {%- endif %}
        sum(case when sides.side = '{{ side }}' then days.{{ kind }}_cost else 0 end) as {{ side }}_{{ kind }}_cost
        {%- endfor %}
        {%- endfor %}
    from sides
    inner join {{ ref('int_driver_days') }} as days
        on
            days.day between sides.first_day and sides.last_day
            and coalesce(sides.only_use_case, days.use_case) = days.use_case
    group by
        sides.comparison,
        sides.label,
        days.use_case,
        days.provider,
        days.model,
        days.service_tier

),

levels as (

    select
        comparison,
        label,
        use_case,
        provider,
        model,
        service_tier
        {%- for side in ['before', 'after'] %},
        sum({{ side }}_attempts) over use_case_rows as {{ side }}_attempts,
        sum({{ side }}_tier_calls) over use_case_rows as {{ side }}_calls,
        sum({{ side }}_tier_calls) over model_rows as {{ side }}_model_calls,
        {{ side }}_tier_calls,
        {%- for kind in context_kinds %}
        {{ side }}_{{ kind }}_tokens{{ ' +' if not loop.last }}
        {%- endfor %} as {{ side }}_context_tokens
        {%- for kind in kinds %},
        {%- if kind in token_kinds %}
        {{ side }}_{{ kind }}_tokens,
        {%- endif %}
        {{ side }}_{{ kind }}_cost
        {%- endfor %}
        {%- endfor %}
    from tier_sums
    window
        use_case_rows as (partition by comparison, label, use_case),
        model_rows as (partition by comparison, label, use_case, provider, model)

),

cells as (
{% for kind in kinds %}
    select
        comparison,
        label,
        use_case,
        provider,
        model,
        service_tier,
        '{{ kind }}' as token_kind
        {%- for side in ['before', 'after'] %},
        {{ side }}_attempts,
        {{ side }}_calls,
        {{ side }}_model_calls,
        {{ side }}_tier_calls,
        {%- if kind == 'other' %}
        {{ side }}_tier_calls as {{ side }}_group_units,
        {{ side }}_tier_calls as {{ side }}_units,
        {%- else %}
        {{ side }}_{{ 'context' if kind in context_kinds else 'output' }}_tokens as {{ side }}_group_units,
        {{ side }}_{{ kind }}_tokens as {{ side }}_units,
        {%- endif %}
        {{ side }}_{{ kind }}_cost as {{ side }}_cost
        {%- endfor %}
    from levels
    where before_{{ kind }}_cost <> 0 or after_{{ kind }}_cost <> 0
    {{ 'union all' if not loop.last }}
{%- endfor %}
)

select
    comparison,
    label,
    use_case,
    provider,
    model,
    service_tier,
    token_kind
    {%- for side in ['before', 'after'] %}
    {%- for column in ['attempts', 'calls', 'model_calls', 'tier_calls', 'group_units', 'units'] %},
    cast({{ side }}_{{ column }} as bigint) as {{ side }}_{{ column }}
    {%- endfor %},
    cast({{ side }}_cost as decimal(38, 12)) as {{ side }}_cost
    {%- endfor %}
from cells
