-- One row is the state of a piece of human work at one `updated_at`: a correction of a result, or an item of a review
-- queue. Every distinct state is kept, so that figures can be computed as of any instant; a deleted one is void.
-- What it is about stands in `trace_id`, `observation_id` or `session_id`, unless it names an outcome itself.
select
    _source as source,
    record_kind || ':' || review_id as ticket_id,
    trace_id,
    observation_id,
    session_id,
    outcome_id,
    use_case as logged_use_case,
    opened_at,
    closed_at,
    updated_at,
    severity,
    kind,
    coalesce(cause, 'other') as cause,
    handling_minutes,
    role,
    cast(null as decimal(38, 12)) as logged_cost,
    cast(null as varchar) as logged_currency,
    case
        when is_deleted then 'void'
        when closed_at is null then 'open'
        else 'closed'
    end as status,
    _row_hash as row_hash,
    _file_sha256 as file_sha256,
    _row_no as file_row_no
from {{ source('langfuse', 'scores') }}
where is_rework
