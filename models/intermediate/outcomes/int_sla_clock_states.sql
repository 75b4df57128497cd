{{ config(materialized='view') }}

-- One row is the state of an SLA clock at one `updated_at`, of all sources, in one shape. Pauses move the due time by
-- exact microseconds. A desk's clock has the outcome that its ticket names as of the run (null when it names none, or when
-- the ticket is not known), and is cancelled with its ticket.
with desk_clocks as (

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
{% for desk in desks() if desk != 'zendesk' %}
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
    cast(cast(clocks.paused_microseconds as decimal(18, 0)) / 60000000 as decimal(18, 6)) as paused_minutes,
    clocks.paused_microseconds,
    case when coalesce(by_id.status, by_key.status) = 'void' then 'cancelled' else clocks.status end as status,
    clocks.row_hash,
    clocks.file_sha256,
    clocks.file_row_no
from desk_clocks as clocks
left join {{ ref('int_desk_clock_tickets') }} as by_id
    on
        clocks.source = by_id.source
        and clocks.ticket_id = by_id.ticket_id
left join {{ ref('int_desk_clock_tickets') }} as by_key
    on
        clocks.source = by_key.source
        and clocks.ticket_key = by_key.ticket_key
        and by_id.ticket_id is null

union all

select
    source,
    event_id,
    outcome_id,
    logged_use_case,
    metric,
    started_at,
    due_at,
    stopped_at,
    updated_at,
    paused_minutes,
    {{ microseconds_of_minutes('paused_minutes') }} as paused_microseconds,
    status,
    row_hash,
    file_sha256,
    file_row_no
from {{ ref('stg_native__sla_clocks') }}
