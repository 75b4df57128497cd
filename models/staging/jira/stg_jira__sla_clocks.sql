-- One row is the state of one cycle of an SLA of Jira Service Management, at the `updated_at` of the record that it
-- came in. The time of breach that Jira states has the pauses in it.
select
    records._source as source,
    coalesce(records.ticket_id, records.ticket_key) || '/' || {{ json_member('cycles.element', "'event_id'") }}
        as event_id,
    records.ticket_id,
    records.ticket_key,
    {{ json_member('cycles.element', "'metric'") }} as metric,
    {{ instant_of_microseconds(json_member('cycles.element', "'started_us'")) }} as started_at,
    {{ instant_of_microseconds(json_member('cycles.element', "'due_us'")) }} as due_at,
    {{ instant_of_microseconds(json_member('cycles.element', "'stopped_us'")) }} as stopped_at,
    records.updated_at,
    cast(0 as bigint) as paused_microseconds,
    case when {{ json_member('cycles.element', "'stopped_us'") }} is null then 'running' else 'stopped' end as status,
    records._row_hash as row_hash,
    records._file_sha256 as file_sha256,
    records._row_no as file_row_no
from {{ source('jira', 'records') }} as records
cross join {{ json_elements('records.sla_cycles', 'cycles') }}
