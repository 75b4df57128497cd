-- One row is the target of a Zendesk SLA policy for one metric and priority, as of one `updated_at` of the policy.
select
    policies._source as source,
    policies.policy_id,
    {{ json_member('targets.element', "'metric'") }} as metric_name,
    {{ json_member('targets.element', "'priority'") }} as priority,
    cast({{ json_member('targets.element', "'target_minutes'") }} as decimal(18, 6)) as target_minutes,
    cast({{ json_member('targets.element', "'business_hours'") }} as boolean) as business_hours,
    policies.updated_at,
    policies._row_hash as row_hash
from {{ source('zendesk', 'records') }} as policies
cross join {{ json_elements('policies.policy_metrics', 'targets') }}
where policies.record = 'sla_policy'
