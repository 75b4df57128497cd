-- One row is one call of a language model through Azure API Management; the rows into which the log splits long messages
-- are one call.
-- Token semantics, declared here once: prompt tokens include cache reads and the tokens of input meters; completion tokens
-- include reasoning and the tokens of output meters. The buckets below are exclusive. The log has no column for cached tokens, so without the gateway's own log
-- cached input counts, and is priced, as uncached.
-- The log's region is the gateway's, not the model's, so the region that served is not known. It has no status without
-- the gateway's log, and no cost.
with calls as (

    select
        *,
        coalesce(cache_read_tokens, 0) as known_cache_read_tokens,
        coalesce(unit_input_tokens, 0) as known_unit_input_tokens,
        coalesce(unit_cache_read_tokens, 0) as known_unit_cache_read_tokens,
        coalesce(unit_output_tokens, 0) as known_unit_output_tokens,
        try_cast(status_code as integer) as http_status
    from {{ source('azure_apim', 'llm_logs') }}
    where _is_current

)

select
    {% call attempt_columns() %}
    _source as source,
    correlation_id as attempt_id,
    trace_id as retry_group,
    outcome_id,
    use_case as logged_use_case,
    task_class as logged_task_class,
    'azure' as logged_provider,
    coalesce(model, deployment, 'unknown') as logged_model,
    deployment,
    started_at,
    ended_at,
    case
        when http_status = 429 then 'rate_limited'
        when http_status in (408, 504) then 'timeout'
        when http_status in (401, 403) then 'blocked'
        when http_status >= 400 then 'error'
        else 'success'
    end as status,
    coalesce(prompt_tokens - known_cache_read_tokens - known_unit_input_tokens, 0) as input_tokens,
    known_cache_read_tokens - known_unit_cache_read_tokens as cache_read_tokens,
    coalesce(completion_tokens - known_unit_output_tokens, 0) as output_tokens,
    coalesce(reasoning_tokens, 0) as reasoning_tokens,
    known_unit_input_tokens + known_unit_cache_read_tokens as unit_input_tokens,
    known_unit_output_tokens as unit_output_tokens,
    units,
    prompt_tokens is not null or coalesce(http_status >= 400, false) as usage_reported,
    coalesce(usage_disagrees, false) as usage_disagrees,
    usage_not_understood,
    modifiers,
    provider_request_id,
    prompt_hash,
    input_valid,
    coalesce(can_wait, false) as can_wait,
    experiment,
    release_id,
    attributes,
    _file_sha256 as file_sha256,
    _row_no as file_row_no
    {% endcall %}
from calls
