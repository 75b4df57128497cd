-- One row is one version of a Zendesk metric event. Targets are in minutes.
select
    _source as source,
    record_id as event_id,
    ticket_id,
    metric_name,
    coalesce(instance_id, 0) as instance_id,
    event_type,
    policy_id,
    target_minutes,
    coalesce(business_hours, false) as business_hours,
    coalesce(is_deleted, false) as is_deleted,
    updated_at as happened_at,
    _row_hash as row_hash,
    _file_sha256 as file_sha256,
    _row_no as file_row_no
from {{ source('zendesk', 'records') }}
where record = 'metric_event'
