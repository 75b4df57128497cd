-- Guarantees one row per release and outcome of its use case that any of its attempts since the release name it for:
-- `served_by` is release when all of the outcome's attempts do, both when another version served it too.
with named_outcomes as (

    select distinct
        attempts.release_id,
        attempts.use_case,
        attempts.outcome_id
    from {{ ref('attempts') }} as attempts
    inner join {{ ref('stg_reference__releases') }} as releases
        on
            attempts.release_id = releases.release_id
            and attempts.use_case = releases.use_case
            and attempts.started_at >= releases.released_at
    where attempts.outcome_id is not null

)

select
    named_outcomes.release_id,
    named_outcomes.use_case,
    named_outcomes.outcome_id,
    case
        when sum(case when attempts.release_id = named_outcomes.release_id then 1 else 0 end) = count(*) then 'release'
        else 'both'
    end as served_by
from named_outcomes
inner join {{ ref('attempts') }} as attempts
    on
        named_outcomes.use_case = attempts.use_case
        and named_outcomes.outcome_id = attempts.outcome_id
group by named_outcomes.release_id, named_outcomes.use_case, named_outcomes.outcome_id
