-- One row is one result of a usage bucket in force.
-- Token semantics, declared here once: the input, cache read and cache write counts of the report are exclusive of each
-- other; output includes thinking.
select
    _source as source,
    bucket_start,
    bucket_end,
    model as logged_model,
    workspace_id,
    service_tier,
    context_window,
    coalesce(uncached_input_tokens, 0) as input_tokens,
    coalesce(cache_read_tokens, 0) as cache_read_tokens,
    coalesce(cache_write_tokens, 0) as cache_write_tokens,
    coalesce(cache_write_1h_tokens, 0) as cache_write_1h_tokens,
    coalesce(output_tokens, 0) as output_tokens,
    coalesce(web_search_requests, 0) as web_search_calls
from {{ source('anthropic', 'usage_buckets') }}
where _is_current
