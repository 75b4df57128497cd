{{ config(materialized='view') }}

-- One row is the state of a desk's SLA clock at one `updated_at`, of all desks, with the outcome that its ticket names
-- as of the run (null when it names none, or when the ticket is not known). Clocks of void tickets are cancelled.
with clocks as (

    select
        source,
        event_id,
        ticket_id,
        cast(null as varchar) as ticket_key,
        metric,
        started_at,
        due_at,
        stopped_at,
        updated_at,
        paused_microseconds,
        status,
        event_id as row_hash,
        file_sha256,
        file_row_no
    from {{ ref('int_zendesk_sla_clocks') }}
{% for desk in ['jira', 'servicenow', 'pagerduty'] %}
    union all

    select
        source,
        event_id,
        ticket_id,
        ticket_key,
        metric,
        started_at,
        due_at,
        stopped_at,
        updated_at,
        paused_microseconds,
        status,
        row_hash,
        file_sha256,
        file_row_no
    from {{ ref('stg_' ~ desk ~ '__sla_clocks') }}
{% endfor %}
)

select
    clocks.source,
    -- A page of SLAs may name its ticket by key only; the same clock inside the ticket has the ticket's id in its own.
    case
        when clocks.ticket_id is null and starts_with(clocks.event_id, by_key.ticket_key || '/')
            then by_key.ticket_id || substr(clocks.event_id, length(by_key.ticket_key) + 1)
        else clocks.event_id
    end as event_id,
    case when coalesce(by_id.is_in_scope, by_key.is_in_scope) then coalesce(by_id.outcome_id, by_key.outcome_id) end
        as outcome_id,
    coalesce(by_id.logged_use_case, by_key.logged_use_case) as logged_use_case,
    clocks.metric,
    clocks.started_at,
    clocks.due_at,
    clocks.stopped_at,
    clocks.updated_at,
    clocks.paused_microseconds,
    case when coalesce(by_id.status, by_key.status) = 'void' then 'cancelled' else clocks.status end as status,
    clocks.row_hash,
    clocks.file_sha256,
    clocks.file_row_no
from clocks
left join {{ ref('int_desk_clock_tickets') }} as by_id
    on
        clocks.source = by_id.source
        and clocks.ticket_id = by_id.ticket_id
left join {{ ref('int_desk_clock_tickets') }} as by_key
    on
        clocks.source = by_key.source
        and clocks.ticket_key = by_key.ticket_key
        and by_id.ticket_id is null
