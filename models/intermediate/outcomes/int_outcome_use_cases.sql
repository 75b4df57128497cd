-- One row per outcome id that some row mentions without naming a use case, while all rows that do name one agree.
-- A row names its use case itself or by a mapping rule.
with named_use_cases as (

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
        elements.element as outcome_id,
        tickets.logged_use_case as use_case
    from {{ ref('int_tickets') }} as tickets
    cross join {{ json_elements('tickets.outcome_ids', 'elements') }}

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

),

incomplete_outcomes as (

    select distinct outcome_id
    from named_use_cases
    where use_case is null

)

select
    named.outcome_id,
    min(named.use_case) as use_case
from named_use_cases as named
inner join incomplete_outcomes on named.outcome_id = incomplete_outcomes.outcome_id
group by named.outcome_id
having count(distinct named.use_case) = 1
