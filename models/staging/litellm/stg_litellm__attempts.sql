-- One row is one current call logged by LiteLLM.
-- Token semantics, declared here once: prompt tokens include cache reads, cache writes and the tokens of input meters,
-- cache reads those of what is cached of them; completion tokens include reasoning (added when the row was read, where it
-- stood outside) and the tokens of output meters. The buckets below are exclusive, also of the meters.
-- A model may be logged with its provider in front; the provider has a column of its own.
-- A spend-log row has no trace id; its session id is the trace's unless the caller sets one.
-- Without either, the attempts of one call that failed are told by its id.
-- Spend of 0 means that the gateway knew no price, so it is no cost at all; a cache hit and a failed call were free.
with calls as (

    select
        *,
        coalesce(cache_read_tokens, 0) as known_cache_read_tokens,
        coalesce(cache_write_tokens, 0) as known_cache_write_tokens,
        coalesce(cache_write_1h_tokens, 0) as known_cache_write_1h_tokens,
        coalesce(unit_input_tokens, 0) as known_unit_input_tokens,
        coalesce(unit_cache_read_tokens, 0) as known_unit_cache_read_tokens,
        coalesce(unit_output_tokens, 0) as known_unit_output_tokens
    from {{ source('litellm', 'calls') }}
    where _is_current

)

select
    {% call attempt_columns() %}
    _source as source,
    call_id as attempt_id,
    coalesce(trace_id, case when shape = 'spend_log' then session_id end, retried_call_id) as retry_group,
    outcome_id,
    use_case as logged_use_case,
    task_class as logged_task_class,
    coalesce(custom_llm_provider, 'unknown') as logged_provider,
    case
        when starts_with(model, custom_llm_provider || '/') then substr(model, length(custom_llm_provider) + 2)
        else model
    end as logged_model,
    coalesce(service_tier, 'standard') as service_tier,
    coalesce(lower(region), '') as region,
    deployment,
    started_at,
    ended_at,
    case
        when status = 'success' then 'success'
        when error_class ilike '%timeout%' then 'timeout'
        when error_class ilike '%ratelimit%' or error_code = '429' then 'rate_limited'
        when error_class ilike '%contentpolicy%' or error_class ilike '%blocked%' or error_class ilike '%guardrail%'
            then 'blocked'
        else 'error'
    end as status,
    coalesce(
        prompt_tokens - known_cache_read_tokens - known_cache_write_tokens - known_cache_write_1h_tokens
        - known_unit_input_tokens, 0
    ) as input_tokens,
    known_cache_read_tokens - known_unit_cache_read_tokens as cache_read_tokens,
    known_cache_write_tokens as cache_write_tokens,
    known_cache_write_1h_tokens as cache_write_1h_tokens,
    coalesce(completion_tokens - known_unit_output_tokens, 0) as output_tokens,
    coalesce(reasoning_tokens, 0) as reasoning_tokens,
    known_unit_input_tokens + known_unit_cache_read_tokens as unit_input_tokens,
    known_unit_output_tokens as unit_output_tokens,
    units,
    prompt_tokens is not null or status = 'failure' as usage_reported,
    coalesce(usage_disagrees, false) as usage_disagrees,
    usage_not_understood,
    modifiers,
    nullif(call_id, litellm_call_id) as provider_request_id,
    coalesce(cache_hit, false) as cache_hit,
    prompt_hash,
    input_valid,
    coalesce(can_wait, false) as can_wait,
    experiment,
    release_id,
    case
        when spend = 0 and not coalesce(cache_hit, false) and status = 'success' then null
        else spend
    end as logged_cost,
    'USD' as logged_currency,
    coalesce(attempted_retries, 0) + coalesce(attempted_fallbacks, 0) as hidden_retries,
    attributes,
    _file_sha256 as file_sha256,
    _row_no as file_row_no
    {% endcall %}
from calls
