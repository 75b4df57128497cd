-- One row is one result of a cost bucket in force, its kind of token in our words. Costs of the priority tier are not
-- in the provider's report.
select
    _source as source,
    bucket_start,
    bucket_end,
    workspace_id,
    description,
    cost_type,
    model as logged_model,
    service_tier,
    case
        when token_type = 'uncached_input_tokens' then 'input'
        when token_type = 'cache_read_input_tokens' then 'cache_read'
        when token_type = 'cache_creation.ephemeral_5m_input_tokens' then 'cache_write'
        when token_type = 'cache_creation.ephemeral_1h_input_tokens' then 'cache_write_1h'
        when token_type = 'output_tokens' then 'output'
        when cost_type = 'web_search' then 'web_search'
        when cost_type = 'code_execution' then 'code_interpreter'
    end as token_kind,
    amount,
    currency
from {{ source('anthropic', 'cost_buckets') }}
where _is_current
