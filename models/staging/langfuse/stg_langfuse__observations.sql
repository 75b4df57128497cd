-- One row is one current trace or observation that was not deleted; `calls_model` tells the attempts from what is
-- around them.
-- Token semantics, declared here once: every usage key is a bucket of its own, so input holds neither cached tokens
-- nor those of a meter and output neither reasoning nor those of a meter; `total` is not a bucket. Where a row's own total proves that
-- its emitter left the parts inside (`input_includes_parts`, `output_includes_parts`), they are taken out, and
-- `usage_disagrees` says so. The buckets below are exclusive; reasoning is a part of the output.
-- A total cost of 0 means that Langfuse knew no price, so it is no cost at all.
with observations as (

    select
        *,
        coalesce(cache_read_tokens, 0) as known_cache_read_tokens,
        coalesce(cache_write_tokens, 0) as known_cache_write_tokens,
        coalesce(cache_write_1h_tokens, 0) as known_cache_write_1h_tokens,
        coalesce(reasoning_tokens, 0) as known_reasoning_tokens,
        coalesce(unit_input_tokens, 0) as known_unit_input_tokens,
        coalesce(unit_cache_read_tokens, 0) as known_unit_cache_read_tokens,
        coalesce(unit_output_tokens, 0) as known_unit_output_tokens
    from {{ source('langfuse', 'observations') }}
    where
        _is_current
        and not coalesce(is_deleted, false)

)

select
    _source as source,
    record_kind,
    observation_id,
    trace_id,
    parent_id,
    session_id,
    outcome_id,
    use_case as logged_use_case,
    task_class as logged_task_class,
    coalesce(provider, 'unknown') as logged_provider,
    coalesce(model, 'unknown') as logged_model,
    coalesce(service_tier, 'standard') as service_tier,
    started_at,
    ended_at,
    coalesce(error_kind, 'success') as status,
    coalesce(input_tokens, 0) - case
        when input_includes_parts
            then
                known_cache_read_tokens + known_cache_write_tokens + known_cache_write_1h_tokens
                + known_unit_input_tokens
        else 0
    end as input_tokens,
    known_cache_read_tokens - known_unit_cache_read_tokens as cache_read_tokens,
    known_cache_write_tokens as cache_write_tokens,
    known_cache_write_1h_tokens as cache_write_1h_tokens,
    coalesce(output_tokens, 0) + case
        when output_includes_parts then -known_unit_output_tokens
        else known_reasoning_tokens
    end as output_tokens,
    known_reasoning_tokens as reasoning_tokens,
    known_unit_input_tokens + known_unit_cache_read_tokens as unit_input_tokens,
    known_unit_output_tokens as unit_output_tokens,
    units,
    coalesce(input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, cache_write_1h_tokens) is not null
        or units is not null or error_kind is not null as usage_reported,
    coalesce(usage_disagrees, false) as usage_disagrees,
    usage_not_understood,
    modifiers,
    provider_request_id,
    coalesce(cache_hit, false) as cache_hit,
    prompt_hash,
    input_valid,
    coalesce(can_wait, false) as can_wait,
    experiment,
    release_id,
    case
        when logged_cost = 0 and not coalesce(cache_hit, false) and error_kind is null then null
        else logged_cost
    end as logged_cost,
    'USD' as logged_currency,
    attributes,
    record_kind = 'observation' and coalesce(observation_type in ('GENERATION', 'EMBEDDING'), false) as calls_model,
    _file_sha256 as file_sha256,
    _row_no as file_row_no
from observations
