-- One row is the state of a rework ticket at one `updated_at`; every distinct state is kept, so that figures can be
-- computed as of any instant.
select
    _source as source,
    ticket_id,
    outcome_ids,
    use_case as logged_use_case,
    opened_at,
    closed_at,
    updated_at,
    severity,
    kind,
    coalesce(cause, 'other') as cause,
    handling_minutes,
    role,
    cost as logged_cost,
    currency as logged_currency,
    status,
    _row_hash as row_hash,
    _file_sha256 as file_sha256,
    _row_no as file_row_no
from {{ source('native', 'rework') }}
