{{ config(materialized='view') }}

-- One row is the state of a correction or review at one `updated_at`, with the outcomes that it is about: the one it
-- names; else the one that its observation names; else all that the rows of its trace (or of all traces of its session)
-- name as of the run.
with rows_of_traces as (

    select
        source,
        trace_id,
        session_id,
        observation_id,
        outcome_id,
        logged_use_case
    from {{ ref('stg_langfuse__observations') }}
    where started_at <= {{ as_of() }}

),

subject_traces as (

    select
        source,
        row_hash,
        trace_id
    from {{ ref('stg_langfuse__tickets') }}
    where trace_id is not null

    union

    select
        tickets.source,
        tickets.row_hash,
        observations.trace_id
    from {{ ref('stg_langfuse__tickets') }} as tickets
    inner join rows_of_traces as observations
        on
            tickets.source = observations.source
            and tickets.observation_id = observations.observation_id
    where tickets.trace_id is null

    union

    select
        tickets.source,
        tickets.row_hash,
        observations.trace_id
    from {{ ref('stg_langfuse__tickets') }} as tickets
    inner join rows_of_traces as observations
        on
            tickets.source = observations.source
            and tickets.session_id = observations.session_id
    where
        tickets.trace_id is null
        and tickets.observation_id is null

),

named_by_traces as (

    select
        subject_traces.source,
        subject_traces.row_hash,
        {{ json_array_of_distinct('rows_of_traces.outcome_id') }} as outcome_ids,
        case
            when count(distinct rows_of_traces.logged_use_case) = 1 then min(rows_of_traces.logged_use_case)
        end as logged_use_case
    from subject_traces
    inner join rows_of_traces
        on
            subject_traces.source = rows_of_traces.source
            and subject_traces.trace_id = rows_of_traces.trace_id
    group by subject_traces.source, subject_traces.row_hash

),

named_by_observations as (

    select
        tickets.source,
        tickets.row_hash,
        min(observations.outcome_id) as outcome_id
    from {{ ref('stg_langfuse__tickets') }} as tickets
    inner join rows_of_traces as observations
        on
            tickets.source = observations.source
            and tickets.observation_id = observations.observation_id
    where observations.outcome_id is not null
    group by tickets.source, tickets.row_hash

)

select
    tickets.source,
    tickets.ticket_id,
    case
        when tickets.outcome_id is not null then {{ json_array_of_one('tickets.outcome_id') }}
        when named_by_observations.outcome_id is not null
            then {{ json_array_of_one('named_by_observations.outcome_id') }}
        else named_by_traces.outcome_ids
    end as outcome_ids,
    coalesce(tickets.logged_use_case, named_by_traces.logged_use_case) as logged_use_case,
    true as is_rework,
    tickets.opened_at,
    tickets.closed_at,
    tickets.updated_at,
    tickets.severity,
    tickets.kind,
    tickets.cause,
    tickets.handling_minutes,
    tickets.role,
    tickets.logged_cost,
    tickets.logged_currency,
    cast(null as bigint) as reopens,
    tickets.status,
    tickets.row_hash,
    tickets.file_sha256,
    tickets.file_row_no
from {{ ref('stg_langfuse__tickets') }} as tickets
left join named_by_observations
    on
        tickets.source = named_by_observations.source
        and tickets.row_hash = named_by_observations.row_hash
left join named_by_traces
    on
        tickets.source = named_by_traces.source
        and tickets.row_hash = named_by_traces.row_hash
