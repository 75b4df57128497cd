-- One row is the priority of a Zendesk ticket at one `updated_at`, for looking up the target of a policy.
select
    _source as source,
    ticket_id,
    priority,
    updated_at,
    _row_hash as row_hash
from {{ source('zendesk', 'records') }}
where record = 'ticket'
