-- One row per release and side of the comparison: requests, the 95th percentile of their response time, and the
-- response time promised by the response clocks of the use case (their median; null without such clocks). Requests
-- count to the side on which they started; side by side, to that of their outcome.
with compared_requests as (

    select
        windows.release_id,
        case
            when windows.comparison = 'side_by_side' and outcomes.served_by = 'release' then 'candidate'
            when windows.comparison = 'side_by_side' then 'baseline'
            when requests.started_at >= windows.released_at then 'candidate'
            else 'baseline'
        end as arm,
        requests.response_time_ms,
        requests.status
    from {{ ref('int_gate_windows') }} as windows
    inner join {{ ref('requests') }} as requests
        on
            windows.use_case = requests.use_case
            and windows.baseline_from <= requests.started_at
            and windows.candidate_until > requests.started_at
    left join {{ ref('int_gate_outcomes') }} as outcomes
        on
            windows.release_id = outcomes.release_id
            and requests.outcome_id = outcomes.outcome_id
    where
        windows.comparison = 'before_after'
        or outcomes.served_by in ('release', 'other')

),

promised_times as (

    select
        windows.release_id,
        {{ percentile(milliseconds_between('clocks.started_at', 'clocks.due_at'), 0.5) }} as promised_ms
    from {{ ref('int_gate_windows') }} as windows
    inner join {{ ref('int_sla_links') }} as clocks
        on
            windows.use_case = clocks.use_case
            and windows.baseline_from <= clocks.started_at
            and windows.candidate_until > clocks.started_at
    where
        clocks.metric = 'response'
        and clocks.status <> 'cancelled'
    group by windows.release_id

)

select
    compared_requests.release_id,
    compared_requests.arm,
    count(*) as requests,
    cast(sum(case when compared_requests.status <> 'success' then 1 else 0 end) as bigint) as failed_requests,
    {{ percentile('compared_requests.response_time_ms', 0.95) }} as response_time_p95_ms,
    max(promised_times.promised_ms) as promised_ms
from compared_requests
left join promised_times on compared_requests.release_id = promised_times.release_id
group by compared_requests.release_id, compared_requests.arm
