{{ config(materialized='incremental', incremental_strategy='replace_days') }}

-- One row per SLA clock of an outcome, of any source: its latest state as of the run, with the breach computed from its
-- times. A clock is breached when it stopped after its due time (moved by its pauses), or still runs past it as of the
-- run. A desk's clock whose ticket names no outcome has no row.
with states_in_scope as (

    select distinct
        source,
        event_id
    from {{ ref('int_sla_clock_states') }}
    where
        updated_at <= {{ as_of() }}
        {{ and_in_rebuild_days(day_of('started_at')) }}

),

states as (

    select
        sla_clocks.source,
        sla_clocks.event_id,
        sla_clocks.outcome_id,
        sla_clocks.logged_use_case,
        sla_clocks.metric,
        sla_clocks.started_at,
        sla_clocks.due_at,
        sla_clocks.stopped_at,
        sla_clocks.updated_at,
        sla_clocks.paused_minutes,
        sla_clocks.paused_microseconds,
        sla_clocks.status,
        sla_clocks.file_sha256,
        sla_clocks.file_row_no,
        row_number() over (
            partition by sla_clocks.source, sla_clocks.event_id
            order by sla_clocks.updated_at desc, sla_clocks.row_hash desc
        ) as recency
    from {{ ref('int_sla_clock_states') }} as sla_clocks
    inner join states_in_scope
        on
            sla_clocks.source = states_in_scope.source
            and sla_clocks.event_id = states_in_scope.event_id
    where sla_clocks.updated_at <= {{ as_of() }}

),

clocks as (

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
        status,
        file_sha256,
        file_row_no,
        {{ add_microseconds('due_at', 'paused_microseconds') }} as breaches_at,
        -- A stop that lies after the run has not happened yet.
        case when stopped_at <= {{ as_of() }} then stopped_at else {{ as_of() }} end as measured_until
    from states
    where
        recency = 1
        and outcome_id is not null
        {{ and_in_rebuild_days(day_of('started_at')) }}

)

select
    {{ day_of('started_at') }} as day,
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
    status,
    breaches_at,
    measured_until,
    -- Unknown due times are of targets in business hours that the desk has not called breached.
    coalesce(status <> 'cancelled' and measured_until > breaches_at, false) as is_breached,
    file_sha256,
    file_row_no
from clocks
