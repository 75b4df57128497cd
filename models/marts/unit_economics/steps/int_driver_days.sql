{{ config(materialized='incremental', incremental_strategy='replace_days') }}

{%- set kinds = ['input', 'cache_read', 'cache_write', 'cache_write_1h', 'output'] %}

-- Guarantees one row per day (of the use-case marts), use case, provider, model and service tier: what the attempts used
-- and paid, by kind of token. Only sums, so that any period adds up from days. Answers from a cache used no tokens.
select
    cohort_day as day,
    use_case,
    provider,
    model,
    service_tier,
    count(*) as attempts,
    cast(sum(case when cache_hit then 1 else 0 end) as bigint) as cache_hits,
    {%- for kind in kinds %}
    cast(sum(case when cache_hit then 0 else {{ kind }}_tokens end) as bigint) as {{ kind }}_tokens,
    cast(sum({{ kind }}_cost) as decimal(38, 12)) as {{ kind }}_cost,
    {%- endfor %}
    cast(sum(other_cost) as decimal(38, 12)) as other_cost
from {{ ref('int_attempt_parts') }}
where true {{ and_in_rebuild_days('cohort_day') }}
group by
    cohort_day,
    use_case,
    provider,
    model,
    service_tier
