-- Guarantees one row per refused row: where it stands and why it was refused, never what it held.
select
    file_sha256,
    source,
    file_name,
    line_no,
    row_no,
    reason_code,
    field,
    value_length,
    value_hmac,
    load_id
from {{ source('ledger', 'quarantined_rows') }}
