-- Guarantees one row per source and file content: what happened to each of its rows. loaded + duplicate + superseded +
-- quarantined = rows_in, always.
select
    file_sha256,
    source,
    first_name as file_name,
    bytes,
    format,
    compression,
    rows_in,
    loaded,
    duplicate,
    superseded,
    quarantined,
    status,
    reason,
    load_id,
    run_id,
    parser_version,
    min_time,
    max_time,
    loaded_at,
    unusable_labels
from {{ source('ledger', 'load_files') }}
