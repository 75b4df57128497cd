-- One row is one result of a usage bucket in force.
-- Token semantics, declared here once: input tokens include cached ones, those written to a cache, audio and image;
-- audio and image include what of them was cached; output includes reasoning, audio and image. The buckets below are
-- exclusive: text input, cache reads of any kind, cache writes, audio and image input that was not cached.
with results as (

    select
        *,
        coalesce(input_cached_tokens, 0) as cached_tokens,
        coalesce(input_cache_write_tokens, 0) as written_tokens,
        coalesce(input_audio_tokens, 0) - coalesce(input_cached_audio_tokens, 0) as uncached_audio_tokens,
        coalesce(input_image_tokens, 0) - coalesce(input_cached_image_tokens, 0) as uncached_image_tokens
    from {{ source('openai', 'usage_buckets') }}
    where _is_current

)

select
    _source as source,
    report,
    bucket_start,
    bucket_end,
    model as logged_model,
    project_id,
    case when is_batch then 'batch' else service_tier end as service_tier,
    coalesce(input_tokens, 0) - cached_tokens - written_tokens - uncached_audio_tokens - uncached_image_tokens
        as input_tokens,
    cached_tokens as cache_read_tokens,
    written_tokens as cache_write_tokens,
    uncached_audio_tokens as audio_input_tokens,
    uncached_image_tokens as image_input_tokens,
    coalesce(output_tokens, 0) - coalesce(output_audio_tokens, 0) as output_tokens,
    coalesce(output_audio_tokens, 0) as audio_output_tokens,
    case when report = 'web_searches' then coalesce(requests, 0) else 0 end as web_search_calls,
    case when report = 'file_searches' then coalesce(requests, 0) else 0 end as file_search_calls,
    case when report = 'code_interpreter_sessions' then coalesce(sessions, 0) else 0 end as code_interpreter_calls
from results
