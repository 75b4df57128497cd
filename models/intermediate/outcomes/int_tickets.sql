{{ config(materialized='incremental', incremental_strategy='replace_days') }}

-- One row per rework ticket of any source: its latest state as of the run. Equal `updated_at` is decided by content,
-- never by the order of arrival. A desk's ticket whose latest state is no rework has no row.
with states_in_scope as (

    select distinct
        source,
        ticket_id
    from {{ ref('int_ticket_states') }}
    where
        updated_at <= {{ as_of() }}
        {{ and_in_rebuild_days(day_of('opened_at')) }}

),

states as (

    select
        tickets.source,
        tickets.ticket_id,
        tickets.outcome_ids,
        tickets.logged_use_case,
        tickets.opened_at,
        tickets.closed_at,
        tickets.updated_at,
        tickets.severity,
        tickets.kind,
        tickets.cause,
        tickets.handling_minutes,
        tickets.role,
        tickets.logged_cost,
        tickets.logged_currency,
        tickets.reopens,
        tickets.is_rework,
        tickets.status,
        tickets.file_sha256,
        tickets.file_row_no,
        row_number() over (
            partition by tickets.source, tickets.ticket_id
            order by tickets.updated_at desc, tickets.row_hash desc
        ) as recency
    from {{ ref('int_ticket_states') }} as tickets
    inner join states_in_scope
        on
            tickets.source = states_in_scope.source
            and tickets.ticket_id = states_in_scope.ticket_id
    where tickets.updated_at <= {{ as_of() }}

)

select
    {{ day_of('opened_at') }} as day,
    source,
    ticket_id,
    outcome_ids,
    logged_use_case,
    opened_at,
    closed_at,
    updated_at,
    coalesce(closed_at, updated_at) as worked_at,
    severity,
    kind,
    cause,
    handling_minutes,
    role,
    logged_cost,
    logged_currency,
    reopens,
    status,
    file_sha256,
    file_row_no
from states
where
    recency = 1
    and is_rework
    {{ and_in_rebuild_days(day_of('opened_at')) }}
