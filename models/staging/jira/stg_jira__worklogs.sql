-- One row is one version of a worklog, whether it came inside its issue or by itself.
select
    records._source as source,
    records.ticket_id,
    {{ json_member('worklogs.element', "'id'") }} as worklog_id,
    cast({{ json_member('worklogs.element', "'minutes'") }} as decimal(18, 6)) as handling_minutes,
    {{ instant_of_microseconds(json_member('worklogs.element', "'updated_us'")) }} as updated_at
from {{ source('jira', 'records') }} as records
cross join {{ json_elements('records.worklogs', 'worklogs') }}
