{{ config(materialized='incremental', incremental_strategy='replace_days') }}

-- Guarantees one row per SLA clock, on the day it started, with the use case it counts for.
select
    clocks.day,
    clocks.source,
    clocks.event_id,
    clocks.outcome_id,
    coalesce(declared.use_case, 'unallocated') as use_case,
    coalesce(clocks.logged_use_case, of_outcome.use_case) as logged_use_case,
    clocks.metric,
    clocks.started_at,
    clocks.due_at,
    clocks.breaches_at,
    clocks.stopped_at,
    clocks.measured_until,
    clocks.updated_at,
    clocks.paused_minutes,
    clocks.status,
    clocks.is_breached,
    clocks.file_sha256,
    clocks.file_row_no
from {{ ref('int_sla_clocks') }} as clocks
left join {{ ref('int_outcome_use_cases') }} as of_outcome on clocks.outcome_id = of_outcome.outcome_id
left join {{ ref('int_declared_use_cases') }} as declared
    on coalesce(clocks.logged_use_case, of_outcome.use_case) = declared.use_case
where true {{ and_in_rebuild_days('clocks.day') }}
