{{ config(materialized='view') }}

-- One row is the state of a desk's ticket at one `updated_at`, of all desks.
{%- for desk in ['zendesk', 'jira', 'servicenow', 'pagerduty'] %}
select
    source,
    ticket_id,
    ticket_key,
    outcome_ids,
    logged_use_case,
    is_in_scope,
    is_rework,
    opened_at,
    closed_at,
    updated_at,
    severity,
    kind,
    cause,
    handling_minutes,
    role,
    reopens,
    status,
    row_hash,
    file_sha256,
    file_row_no
from {{ ref('stg_' ~ desk ~ '__tickets') }}
{{ 'union all' if not loop.last }}
{%- endfor %}
