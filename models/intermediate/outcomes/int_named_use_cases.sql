{{ config(materialized='view') }}

-- One row per row of any kind that belongs to an outcome, with the use case that it names itself or by a mapping rule
-- (null when it names none). The base for filling in the use case of the rows that name none.
select
    attempts.outcome_id,
    coalesce(attempts.logged_use_case, mapped.use_case) as use_case
from {{ ref('int_attempts') }} as attempts
left join {{ ref('int_mapped_use_cases') }} as mapped
    on
        attempts.source = mapped.source
        and attempts.attempt_id = mapped.attempt_id
where attempts.outcome_id is not null

union all

select
    outcome_id,
    logged_use_case as use_case
from {{ ref('int_ticket_outcomes') }}

union all

select
    outcome_id,
    logged_use_case as use_case
from {{ ref('int_sla_clocks') }}

union all

select
    outcome_id,
    logged_use_case as use_case
from {{ ref('stg_native__decisions') }}
where decided_at <= {{ as_of() }}
