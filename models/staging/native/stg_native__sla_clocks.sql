-- One row is the state of an SLA clock at one `updated_at`; breach is computed later, from the times.
select
    _source as source,
    event_id,
    outcome_id,
    use_case as logged_use_case,
    metric,
    started_at,
    due_at,
    stopped_at,
    updated_at,
    coalesce(paused_minutes, 0) as paused_minutes,
    status,
    _row_hash as row_hash,
    _file_sha256 as file_sha256,
    _row_no as file_row_no
from {{ source('native', 'sla') }}
