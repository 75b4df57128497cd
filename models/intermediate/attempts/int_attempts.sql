{{ config(materialized='view') }}

{%- set columns = [
    'source', 'attempt_id', 'logged_request_id', 'retry_of', 'retry_group', 'outcome_id', 'logged_use_case',
    'logged_task_class', 'logged_provider', 'logged_model', 'service_tier', 'region', 'deployment', 'started_at', 'ended_at', 'status',
    'input_tokens', 'cache_read_tokens', 'cache_write_tokens', 'cache_write_1h_tokens', 'output_tokens',
    'reasoning_tokens', 'audio_input_tokens', 'audio_output_tokens', 'image_input_tokens', 'web_search_calls', 'file_search_calls', 'code_interpreter_calls',
    'cache_storage_token_hours', 'guardrail_units', 'usage_reported', 'usage_disagrees',
    'cache_hit', 'prompt_hash', 'input_valid', 'can_wait', 'experiment', 'release_id', 'logged_cost',
    'logged_currency', 'hidden_retries', 'attributes', 'file_sha256', 'file_row_no'
] %}
{%- set sources = [
    'stg_native__attempts', 'stg_litellm__attempts', 'int_otel_attempts', 'int_langfuse_attempts',
    'stg_helicone__attempts', 'stg_bedrock__attempts', 'stg_azure_apim__attempts'
] %}

-- One row per attempt of any source, in one shape, as of the run. A new inference source adds its model to the list.
with attempts as (
{% for model in sources %}
    select {{ columns | join(', ') }}
    from {{ ref(model) }}
    {{ 'union all' if not loop.last }}
{%- endfor %}
)

select
    {{ day_of('started_at') }} as day,
    {{ columns | join(',\n    ') }}
from attempts
where started_at <= {{ as_of() }}
