{{ config(materialized='view') }}

-- One row is the state of a ticket at one `updated_at`, of all sources, in one shape. `is_rework` is false for a desk's
-- ticket that is not about an outcome or a use case: it stays out of every figure. Work that a desk tells apart from
-- the ticket (metrics, worklogs) is joined as of the run.
select
    source,
    ticket_id,
    outcome_ids,
    logged_use_case,
    true as is_rework,
    opened_at,
    closed_at,
    updated_at,
    severity,
    kind,
    cause,
    handling_minutes,
    role,
    logged_cost,
    logged_currency,
    cast(null as bigint) as reopens,
    status,
    row_hash,
    file_sha256,
    file_row_no
from {{ ref('stg_native__tickets') }}

union all

select
    source,
    ticket_id,
    outcome_ids,
    logged_use_case,
    is_rework,
    opened_at,
    closed_at,
    updated_at,
    severity,
    kind,
    cause,
    handling_minutes,
    role,
    logged_cost,
    logged_currency,
    reopens,
    status,
    row_hash,
    file_sha256,
    file_row_no
from {{ ref('int_langfuse_tickets') }}

{% for desk in desks() %}
union all

select
    tickets.source,
    tickets.ticket_id,
    tickets.outcome_ids,
    tickets.logged_use_case,
    tickets.is_rework,
    tickets.opened_at,
    case when tickets.status = 'closed' then coalesce(tickets.closed_at, handling.closed_at) end as closed_at,
    tickets.updated_at,
    tickets.severity,
    tickets.kind,
    tickets.cause,
    coalesce(tickets.handling_minutes, handling.handling_minutes) as handling_minutes,
    tickets.role,
    cast(null as decimal(38, 12)) as logged_cost,
    cast(null as varchar) as logged_currency,
    coalesce(tickets.reopens, handling.reopens) as reopens,
    tickets.status,
    tickets.row_hash,
    tickets.file_sha256,
    tickets.file_row_no
from {{ ref('stg_' ~ desk ~ '__tickets') }} as tickets
left join {{ ref('int_desk_handling') }} as handling
    on
        tickets.source = handling.source
        and tickets.ticket_id = handling.ticket_id
{% endfor %}
