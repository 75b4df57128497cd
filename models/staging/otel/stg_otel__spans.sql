-- One row is one current span of a trace; `calls_model` tells the attempts from the spans around them.
-- Token semantics, declared here once: unless the instrumentation is known to report otherwise, input tokens include
-- cache reads and writes, audio and image; output tokens include reasoning and audio. The buckets are exclusive.
-- A bucket that the instrumentation never reports stays out of the input it is part of; `usage_reported` says
-- whether there was any usage at all, `usage_disagrees` whether the span's own counts contradict each other. Where
-- the span's own total proves that reasoning is outside the output, it was added when the span was read.
with spans as (

    select
        *,
        coalesce(cache_read_tokens, 0) as known_cache_read_tokens,
        coalesce(cache_write_tokens, 0) as known_cache_write_tokens,
        coalesce(cache_write_1h_tokens, 0) as known_cache_write_1h_tokens,
        coalesce(audio_input_tokens, 0) as known_audio_input_tokens,
        coalesce(audio_output_tokens, 0) as known_audio_output_tokens,
        coalesce(image_input_tokens, 0) as known_image_input_tokens
    from {{ source('otel', 'spans') }}
    where _is_current

)

select
    _source as source,
    trace_id,
    span_id,
    parent_span_id,
    trace_id || ':' || span_id as attempt_id,
    response_id,
    outcome_id,
    use_case as logged_use_case,
    task_class as logged_task_class,
    coalesce(provider, 'unknown') as logged_provider,
    coalesce(response_model, request_model) as logged_model,
    coalesce(service_tier, 'standard') as service_tier,
    started_at,
    ended_at,
    case
        when status_code <> 'error' and error_type is null then 'success'
        when error_type ilike '%timeout%' then 'timeout'
        when error_type ilike '%rate%limit%' or error_type ilike '%429%' then 'rate_limited'
        else 'error'
    end as status,
    coalesce(
        case
            when input_includes_cache
                then input_tokens - known_cache_read_tokens - known_cache_write_tokens - known_cache_write_1h_tokens
            else input_tokens
        end - known_audio_input_tokens - known_image_input_tokens, 0
    ) as input_tokens,
    known_cache_read_tokens as cache_read_tokens,
    known_cache_write_tokens as cache_write_tokens,
    known_cache_write_1h_tokens as cache_write_1h_tokens,
    coalesce(output_tokens - known_audio_output_tokens, 0) as output_tokens,
    coalesce(reasoning_tokens, 0) as reasoning_tokens,
    known_audio_input_tokens as audio_input_tokens,
    known_audio_output_tokens as audio_output_tokens,
    known_image_input_tokens as image_input_tokens,
    input_tokens is not null or status_code = 'error' or error_type is not null as usage_reported,
    coalesce(usage_disagrees, false) as usage_disagrees,
    cast(input_tokens is not null as integer) + cast(cache_read_tokens is not null as integer)
        + cast(cache_write_tokens is not null as integer) + cast(cache_write_1h_tokens is not null as integer)
        + cast(output_tokens is not null as integer) + cast(reasoning_tokens is not null as integer)
        + cast(audio_input_tokens is not null as integer) + cast(audio_output_tokens is not null as integer)
        + cast(image_input_tokens is not null as integer) as reported_buckets,
    coalesce(cache_hit, false) as cache_hit,
    prompt_hash,
    input_valid,
    coalesce(can_wait, false) as can_wait,
    experiment,
    release_id,
    logged_cost,
    coalesce(logged_currency, 'USD') as logged_currency,
    coalesce(resend_count, 0) as hidden_retries,
    attributes,
    coalesce(
        convention = 'openinference'
        or (convention = 'gen_ai' and operation in ('chat', 'text_completion', 'generate_content', 'embeddings')), false
    ) as calls_model,
    _file_sha256 as file_sha256,
    _row_no as file_row_no
from spans
