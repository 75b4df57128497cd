-- One row is one decision on an outcome.
select
    _source as source,
    outcome_id,
    use_case as logged_use_case,
    decision,
    decided_at,
    decided_by_role,
    _row_hash as row_hash,
    _file_sha256 as file_sha256,
    _row_no as file_row_no
from {{ source('native', 'outcomes') }}
