{{ config(materialized='view') }}

-- One row is the state of a ticket at one `updated_at`, of all sources, in one shape.
select
    source,
    ticket_id,
    outcome_ids,
    logged_use_case,
    true as is_rework,
    opened_at,
    closed_at,
    updated_at,
    severity,
    kind,
    cause,
    handling_minutes,
    role,
    logged_cost,
    logged_currency,
    cast(null as bigint) as reopens,
    status,
    row_hash,
    file_sha256,
    file_row_no
from {{ ref('stg_native__tickets') }}

union all

select
    source,
    ticket_id,
    outcome_ids,
    logged_use_case,
    is_rework,
    opened_at,
    closed_at,
    updated_at,
    severity,
    kind,
    cause,
    handling_minutes,
    role,
    logged_cost,
    logged_currency,
    reopens,
    status,
    row_hash,
    file_sha256,
    file_row_no
from {{ ref('int_langfuse_tickets') }}
