{{ config(materialized='view') }}

-- One row per ticket and outcome that it is about, in the order of the ticket's list.
select
    tickets.source,
    tickets.ticket_id,
    tickets.logged_use_case,
    elements.element as outcome_id,
    elements.position
from {{ ref('int_tickets') }} as tickets
cross join {{ json_elements('tickets.outcome_ids', 'elements') }}
