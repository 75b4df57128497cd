{#- Desks (Zendesk, Jira, ServiceNow, PagerDuty) land in tables of one shape. These are the selects of their staging
    models, written once. `desk` is the name of the source. -#}

{#- Every state of a desk's tickets. -#}
{% macro desk_tickets(desk) -%}
select
    _source as source,
    ticket_id,
    ticket_key,
    outcome_ids,
    use_case as logged_use_case,
    is_in_scope,
    is_rework,
    opened_at,
    closed_at,
    updated_at,
    severity,
    kind,
    coalesce(cause, 'other') as cause,
    handling_minutes,
    role,
    reopens,
    status,
    _row_hash as row_hash,
    _file_sha256 as file_sha256,
    _row_no as file_row_no
from {{ source(desk, 'records') }}
where record = 'ticket'
{%- endmacro %}


{#- Every state of a desk's clocks, for desks whose records hold a clock's times themselves. -#}
{% macro desk_clocks(desk) -%}
select
    _source as source,
    record_id as event_id,
    ticket_id,
    ticket_key,
    metric,
    started_at,
    due_at,
    stopped_at,
    updated_at,
    cast(coalesce(paused_seconds, 0) * 1000000 as bigint) as paused_microseconds,
    clock_status as status,
    _row_hash as row_hash,
    _file_sha256 as file_sha256,
    _row_no as file_row_no
from {{ source(desk, 'records') }}
where started_at is not null
{%- endmacro %}
