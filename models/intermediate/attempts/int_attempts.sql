{{ config(materialized='view') }}

{%- set columns = attempt_contract().keys() | list %}
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
