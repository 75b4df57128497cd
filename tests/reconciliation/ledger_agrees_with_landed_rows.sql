-- Catches a ledger that says other than what was loaded: per file, rows in the landed tables are the loaded and
-- superseded rows of the ledger, and every landed row belongs to a file of the ledger.
with landed as (

    {%- for table in landed_tables() %}
    select _source as source, _file_sha256 as file_sha256 from {{ table.relation_name }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

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
