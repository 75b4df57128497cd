{{ config(materialized='view') }}

-- One row is the state of an SLA clock at one `updated_at`, of all sources, in one shape. Pauses move the due time by
-- exact microseconds. A desk's clock without an outcome stays out of every figure.
select
    source,
    event_id,
    outcome_id,
    logged_use_case,
    metric,
    started_at,
    due_at,
    stopped_at,
    updated_at,
    paused_minutes,
    {{ microseconds_of_minutes('paused_minutes') }} as paused_microseconds,
    status,
    row_hash,
    file_sha256,
    file_row_no
from {{ ref('stg_native__sla_clocks') }}

union all

select
    source,
    event_id,
    outcome_id,
    logged_use_case,
    metric,
    started_at,
    due_at,
    stopped_at,
    updated_at,
    cast(cast(paused_microseconds as decimal(18, 0)) / 60000000 as decimal(18, 6)) as paused_minutes,
    paused_microseconds,
    status,
    row_hash,
    file_sha256,
    file_row_no
from {{ ref('int_desk_sla_clocks') }}
