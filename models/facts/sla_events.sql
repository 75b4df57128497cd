{{ config(materialized='incremental', incremental_strategy='replace_days') }}

-- Guarantees one row per SLA clock, on the day it started: its latest state as of the run, its breach and how late it
-- ran. The money stands on the outcome, because clocks that run late together cost once.
select
    day,
    source,
    event_id,
    use_case,
    logged_use_case,
    outcome_id,
    metric,
    status,
    started_at,
    due_at,
    breaches_at,
    stopped_at,
    updated_at,
    paused_minutes,
    is_breached,
    case
        when is_breached then {{ microseconds_between('breaches_at', 'measured_until') }} / 60000000.0e0
        when status = 'cancelled' then null
        else 0
    end as late_minutes,
    file_sha256,
    file_row_no
from {{ ref('int_sla_links') }}
where true {{ and_in_rebuild_days('day') }}
