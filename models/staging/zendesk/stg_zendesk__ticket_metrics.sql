-- One row is the metrics of a Zendesk ticket at one `updated_at`: minutes of work, last solution, reopenings.
select
    _source as source,
    ticket_id,
    handling_minutes,
    closed_at,
    reopens,
    updated_at,
    _row_hash as row_hash
from {{ source('zendesk', 'records') }}
where record = 'ticket_metrics'
