-- One row per outcome id that some row mentions without naming a use case, while all rows that do name one agree.
with incomplete_outcomes as (

    select distinct outcome_id
    from {{ ref('int_named_use_cases') }}
    where use_case is null

)

select
    named.outcome_id,
    min(named.use_case) as use_case
from {{ ref('int_named_use_cases') }} as named
inner join incomplete_outcomes on named.outcome_id = incomplete_outcomes.outcome_id
group by named.outcome_id
having count(distinct named.use_case) = 1
