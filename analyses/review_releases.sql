-- Releases
-- Releases of the last 28 days: the gate's verdict, what did not pass, and the latest word of the 72-hour watch.
with now as (

    select max(as_of) as as_of
    from {{ ref('publishes') }}

),

watch as (

    select
        release_id,
        recommendation,
        row_number() over (partition by release_id order by hour_number desc) as newest_first
    from {{ ref('gate_watch_hourly') }}

)

select
    verdicts.owner,
    verdicts.use_case,
    verdicts.release_id,
    replace(max(verdicts.release_verdict), '_', ' ') as verdict,
    string_agg(verdicts.check_name || ': ' || verdicts.reason, '; ' order by verdicts.position)
        filter (where verdicts.check_verdict <> 'pass') as not_passed,
    max(watch.recommendation) as watch_says
from {{ ref('gate_verdicts') }} as verdicts
cross join now
left join watch
    on
        verdicts.release_id = watch.release_id
        and watch.newest_first = 1
where verdicts.candidate_from >= now.as_of - interval 28 days
group by verdicts.owner, verdicts.use_case, verdicts.release_id
order by verdicts.owner, verdicts.release_id
