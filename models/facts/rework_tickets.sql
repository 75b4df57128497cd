{{ config(materialized='incremental', incremental_strategy='replace_days') }}

-- Guarantees one row per rework ticket, on the day it was opened: its latest state as of the run and its whole cost.
with ticket_totals as (

    select
        source,
        ticket_id,
        case when count(distinct use_case) = 1 then min(use_case) else 'unallocated' end as use_case,
        count(outcome_id) as outcomes,
        sum(rework_cost) as rework_cost
    from {{ ref('int_ticket_links') }}
    where true {{ and_in_rebuild_days('day') }}
    group by source, ticket_id

)

select
    tickets.day,
    tickets.source,
    tickets.ticket_id,
    ticket_totals.use_case,
    tickets.logged_use_case,
    tickets.outcome_ids,
    ticket_totals.outcomes,
    tickets.severity,
    tickets.kind,
    tickets.cause,
    tickets.status,
    tickets.role,
    tickets.opened_at,
    tickets.closed_at,
    tickets.updated_at,
    tickets.worked_at,
    tickets.reopens,
    tickets.handling_minutes,
    ticket_totals.rework_cost,
    case
        when tickets.status = 'void' then 'void'
        when ticket_totals.rework_cost is null then 'uncosted'
        when tickets.logged_cost is not null then 'logged'
        else 'handling_time'
    end as cost_source,
    tickets.file_sha256,
    tickets.file_row_no
from {{ ref('int_tickets') }} as tickets
inner join ticket_totals
    on
        tickets.source = ticket_totals.source
        and tickets.ticket_id = ticket_totals.ticket_id
where true {{ and_in_rebuild_days('tickets.day') }}
