{{ config(materialized='incremental', incremental_strategy='replace_days') }}

-- Guarantees one row per day, owner, use case, experiment, provider, model, tier, service tier and way of pricing,
-- incurred basis: inference on the day each attempt started.
select
    day,
    owner,
    use_case,
    experiment,
    provider,
    model,
    tier,
    is_tier_declared,
    service_tier,
    cost_source,
    case when cost_source in ('logged', 'unpriced') then unpriced_reason end as unpriced_reason,
    count(*) as attempts,
    cast(sum(input_tokens + unit_input_tokens) as bigint) as input_tokens,
    cast(sum(cache_read_tokens) as bigint) as cache_read_tokens,
    cast(sum(cache_write_tokens + cache_write_1h_tokens) as bigint) as cache_write_tokens,
    cast(sum(output_tokens + unit_output_tokens) as bigint) as output_tokens,
    cast(sum(case when model_alias is not null then 1 else 0 end) as bigint) as aliased_attempts,
    cast(sum(case when deployment is not null and not is_on_capacity then 1 else 0 end) as bigint)
        as undeclared_deployment_attempts,
    cast(sum(case when usage_disagrees then 1 else 0 end) as bigint) as disagreeing_attempts,
    cast(sum(case when usage_not_understood is not null then 1 else 0 end) as bigint) as not_understood_attempts,
    cast(sum(case when cost is null then 1 else 0 end) as bigint) as unpriced_attempts,
    cast(coalesce(sum(cost), 0) as decimal(38, 12)) as inference_cost
from {{ ref('attempts') }}
where true {{ and_in_rebuild_days('day') }}
group by
    day,
    owner,
    use_case,
    experiment,
    provider,
    model,
    tier,
    is_tier_declared,
    service_tier,
    cost_source,
    case when cost_source in ('logged', 'unpriced') then unpriced_reason end
