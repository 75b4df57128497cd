-- One row is one current request that went through Helicone.
-- Token semantics, declared here once: prompt tokens hold neither what was read from nor what was written to a cache,
-- but do hold audio; completion tokens hold audio but no reasoning, which is counted beside them. The buckets below are
-- exclusive; reasoning is a part of the output. Cache writes are not told apart by lifetime and count as short-lived.
-- A cost of 0 means that the gateway knew no price, so it is no cost at all; a cache hit and a failed call were free.
-- Retries inside the gateway leave no row and no count.
with requests as (

    select
        *,
        coalesce(reasoning_tokens, 0) as known_reasoning_tokens,
        coalesce(unit_input_tokens, 0) as known_unit_input_tokens,
        coalesce(unit_output_tokens, 0) as known_unit_output_tokens,
        try_cast(status_code as integer) as http_status
    from {{ source('helicone', 'requests') }}
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
    lower(provider) as logged_provider,
    coalesce(model, 'unknown') as logged_model,
    started_at,
    ended_at,
    case
        -- Helicone's own codes: -4 refused as a threat, -3 cancelled by the caller, -2 not answered yet.
        when is_threat or http_status = -4 then 'blocked'
        when http_status between 200 and 299 then 'success'
        when http_status = 429 then 'rate_limited'
        when http_status in (408, 504, 524) then 'timeout'
        else 'error'
    end as status,
    coalesce(prompt_tokens, 0) - known_unit_input_tokens as input_tokens,
    coalesce(cache_read_tokens, 0) as cache_read_tokens,
    coalesce(cache_write_tokens, 0) as cache_write_tokens,
    coalesce(cache_write_1h_tokens, 0) as cache_write_1h_tokens,
    coalesce(completion_tokens, 0) - known_unit_output_tokens + known_reasoning_tokens as output_tokens,
    known_reasoning_tokens as reasoning_tokens,
    known_unit_input_tokens as unit_input_tokens,
    known_unit_output_tokens as unit_output_tokens,
    units,
    prompt_tokens is not null or completion_tokens is not null
        or not coalesce(http_status between 200 and 299, false) as usage_reported,
    coalesce(usage_disagrees, false) as usage_disagrees,
    usage_not_understood,
    modifiers,
    response_id as provider_request_id,
    coalesce(cache_hit, false) as cache_hit,
    prompt_hash,
    input_valid,
    coalesce(can_wait, false) as can_wait,
    experiment,
    release_id,
    case
        when cost = 0 and not coalesce(cache_hit, false) and coalesce(http_status between 200 and 299, false) then null
        else cost
    end as logged_cost,
    'USD' as logged_currency,
    attributes,
    _file_sha256 as file_sha256,
    _row_no as file_row_no
    {% endcall %}
from requests
