{{ config(materialized='view') }}

-- Guarantees one row per desk ticket whose work is told apart from the ticket itself: the latest metrics of a Zendesk
-- ticket, the sum of the worklogs of a Jira issue, as of the run. A worklog counts once, whether it came inside its
-- issue or by itself, in its latest version.
with zendesk_metrics as (

    select
        source,
        ticket_id,
        handling_minutes,
        closed_at,
        reopens,
        row_number() over (partition by source, ticket_id order by updated_at desc, row_hash desc) as recency
    from {{ ref('stg_zendesk__ticket_metrics') }}
    where updated_at <= {{ as_of() }}

),

jira_worklogs as (

    select
        source,
        ticket_id,
        worklog_id,
        handling_minutes,
        row_number() over (
            partition by source, ticket_id, worklog_id
            order by updated_at desc, handling_minutes desc
        ) as recency
    from {{ ref('stg_jira__worklogs') }}
    where updated_at <= {{ as_of() }}

)

select
    source,
    ticket_id,
    handling_minutes,
    closed_at,
    reopens
from zendesk_metrics
where recency = 1

union all

select
    source,
    ticket_id,
    cast(sum(handling_minutes) as decimal(18, 6)) as handling_minutes,
    cast(null as {{ instant_type() }}) as closed_at,
    cast(null as bigint) as reopens
from jira_worklogs
where recency = 1
group by source, ticket_id
