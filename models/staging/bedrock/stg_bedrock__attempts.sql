-- One row is one current invocation of a model on AWS Bedrock.
-- Token semantics, declared here once: input tokens hold neither cache reads nor cache writes; output tokens include
-- reasoning, which is not told apart. The buckets below are exclusive.
-- A model may be logged as the ARN of a foundation model or of a system-defined inference profile, whose last part is
-- the model's id. Any other ARN (an application inference profile, provisioned throughput, a custom model) is opaque: it
-- stays as it is, and only `seeds/model_aliases.csv` can say which model it stands for.
-- The region is the one that was called, by which AWS bills also where another one of the profile answered.
-- The log has one time, taken for the start, and no cost.
with invocations as (

    select
        *,
        starts_with(model_id, 'arn:') as is_arn
    from {{ source('bedrock', 'invocations') }}
    where _is_current

)

select
    {% call attempt_columns() %}
    _source as source,
    request_id as attempt_id,
    trace_id as retry_group,
    outcome_id,
    use_case as logged_use_case,
    task_class as logged_task_class,
    'aws' as logged_provider,
    case
        when is_arn and (model_id like '%:foundation-model/%' or model_id like '%:inference-profile/%')
            then split_part(model_id, '/', 2)
        else model_id
    end as logged_model,
    case
        when latency_mode = 'optimized' then 'latency_optimized'
        else coalesce(service_tier, 'standard')
    end as service_tier,
    coalesce(region, '') as region,
    case when is_arn and model_id like '%:provisioned-model/%' then model_id end as deployment,
    started_at,
    ended_at,
    case
        when error_code ilike '%throttl%' or error_code ilike '%quota%' then 'rate_limited'
        when error_code ilike '%timeout%' then 'timeout'
        when error_code ilike '%accessdenied%' then 'blocked'
        when error_code is not null then 'error'
        when stop_reason = 'guardrail_intervened' and coalesce(input_tokens, 0) + coalesce(output_tokens, 0) = 0
            then 'blocked'
        else 'success'
    end as status,
    coalesce(input_tokens, 0) as input_tokens,
    coalesce(cache_read_tokens, 0) as cache_read_tokens,
    coalesce(cache_write_tokens, 0) as cache_write_tokens,
    coalesce(cache_write_1h_tokens, 0) as cache_write_1h_tokens,
    coalesce(output_tokens, 0) as output_tokens,
    coalesce(unit_input_tokens, 0) + coalesce(unit_cache_read_tokens, 0) as unit_input_tokens,
    coalesce(unit_output_tokens, 0) as unit_output_tokens,
    units,
    input_tokens is not null or output_tokens is not null or error_code is not null as usage_reported,
    coalesce(usage_disagrees, false) as usage_disagrees,
    usage_not_understood,
    modifiers,
    request_id as provider_request_id,
    prompt_hash,
    input_valid,
    coalesce(can_wait, false) as can_wait,
    experiment,
    release_id,
    attributes,
    _file_sha256 as file_sha256,
    _row_no as file_row_no
    {% endcall %}
from invocations
