-- Catches a refused row without a reason, or a reason without a refused row. A file refused as a whole has its reason
-- in load_files instead.
with refused_rows as (

    select
        source,
        file_sha256,
        count(*) as reasons
    from {{ ref('quarantined_rows') }}
    group by source, file_sha256

)

select
    files.source,
    files.file_sha256,
    files.quarantined,
    refused_rows.reasons
from {{ ref('load_files') }} as files
full outer join refused_rows
    on
        files.source = refused_rows.source
        and files.file_sha256 = refused_rows.file_sha256
where
    (files.status = 'loaded' and files.quarantined <> coalesce(refused_rows.reasons, 0))
    or files.file_sha256 is null
