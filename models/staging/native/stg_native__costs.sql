-- One row is a state of a cost that no log has: as of its `updated_at`, or without one as its file told it. A period is
-- half-open; a credit or correction is negative.
select
    _source as source,
    cost_id,
    period_start,
    period_end,
    amount,
    currency,
    provider as logged_provider,
    category,
    use_case as logged_use_case,
    rule,
    updated_at,
    _row_hash as row_hash,
    _file_sha256 as file_sha256,
    _row_no as file_row_no
from {{ source('native', 'costs') }}
