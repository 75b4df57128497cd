-- Catches a ledger that says other than what was loaded: per file, rows in the landed tables are the loaded and
-- superseded rows of the ledger, and every landed row belongs to a file of the ledger.
with landed as (

    select _source as source, _file_sha256 as file_sha256 from {{ source('native', 'inference') }}
    union all
    select _source as source, _file_sha256 as file_sha256 from {{ source('native', 'rework') }}
    union all
    select _source as source, _file_sha256 as file_sha256 from {{ source('native', 'sla') }}
    union all
    select _source as source, _file_sha256 as file_sha256 from {{ source('native', 'outcomes') }}
    union all
    select _source as source, _file_sha256 as file_sha256 from {{ source('litellm', 'calls') }}
    union all
    select _source as source, _file_sha256 as file_sha256 from {{ source('otel', 'spans') }}
    union all
    select _source as source, _file_sha256 as file_sha256 from {{ source('langfuse', 'observations') }}
    union all
    select _source as source, _file_sha256 as file_sha256 from {{ source('langfuse', 'scores') }}
    union all
    select _source as source, _file_sha256 as file_sha256 from {{ source('helicone', 'requests') }}
    union all
    select _source as source, _file_sha256 as file_sha256 from {{ source('bedrock', 'invocations') }}
    union all
    select _source as source, _file_sha256 as file_sha256 from {{ source('azure_apim', 'llm_logs') }}
    {%- for desk in ['zendesk', 'jira', 'servicenow', 'pagerduty'] %}
    union all
    select _source as source, _file_sha256 as file_sha256 from {{ source(desk, 'records') }}
    {%- endfor %}
    union all
    select _source as source, _file_sha256 as file_sha256 from {{ source('invoices', 'focus_rows') }}
    union all
    select _source as source, _file_sha256 as file_sha256 from {{ source('openai', 'usage_buckets') }}
    union all
    select _source as source, _file_sha256 as file_sha256 from {{ source('openai', 'cost_buckets') }}
    union all
    select _source as source, _file_sha256 as file_sha256 from {{ source('anthropic', 'usage_buckets') }}
    union all
    select _source as source, _file_sha256 as file_sha256 from {{ source('anthropic', 'cost_buckets') }}

),

landed_files as (

    select
        source,
        file_sha256,
        count(*) as landed_rows
    from landed
    group by source, file_sha256

)

select
    coalesce(files.source, landed_files.source) as source,
    coalesce(files.file_sha256, landed_files.file_sha256) as file_sha256,
    files.loaded + files.superseded as ledger_rows,
    landed_files.landed_rows
from {{ ref('load_files') }} as files
full outer join landed_files
    on
        files.source = landed_files.source
        and files.file_sha256 = landed_files.file_sha256
where coalesce(files.loaded + files.superseded, -1) <> coalesce(landed_files.landed_rows, 0)
