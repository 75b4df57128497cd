{{ config(materialized='incremental', incremental_strategy='replace_days') }}

-- One row per attempt whose request is not told by its own log row, with the rule that found it (DECISIONS.md,
-- "Requests"). Explicit links win: a named attempt to retry, then a shared trace in which a success closes a request.
-- The retry rule comes last and only for sources that declare it: same use case, outcome and prompt hash, started
-- within the retry window of the end of a failed attempt. Keys that occur once are left out before any window is
-- computed.
with attempts_in_scope as (

    select
        source,
        attempt_id,
        retry_of,
        retry_group,
        outcome_id
    from {{ ref('int_attempts') }}
    where
        logged_request_id is null
        {{ and_in_rebuild_days('day') }}

),

-- Rule 1: follow `retry_of` to the attempt that retries nothing. `union` ends the walk also where links form a circle.
-- What is asked of both ends is kept with the link: how many rows a walk gives no planner knows, and a join of it with
-- all attempts would hash them.
retry_links as (

    select
        attempts.day,
        attempts.source,
        attempts.attempt_id,
        attempts.retry_of,
        retried.logged_request_id as retried_request_id,
        retried.retry_group as retried_group,
        retried.outcome_id as retried_outcome_id
    from {{ ref('int_attempts') }} as attempts
    inner join {{ ref('int_attempts') }} as retried
        on
            attempts.source = retried.source
            and attempts.retry_of = retried.attempt_id
    where
        attempts.retry_of is not null
        and attempts.logged_request_id is null

),

retry_walk as (

    {{ recursive_walk('retry_links') }}

),

retry_roots as (

    select
        walk.source,
        walk.attempt_id,
        coalesce(
            min(case when ends.attempt_id is null then walk.ancestor_id end), min(walk.ancestor_id)
        ) as root_attempt_id
    from retry_walk as walk
    left join retry_links as ends
        on
            walk.source = ends.source
            and walk.ancestor_id = ends.attempt_id
    group by walk.source, walk.attempt_id

),

retried_attempts as (

    select distinct
        source,
        retry_of as attempt_id,
        retried_request_id as logged_request_id,
        retried_group as retry_group,
        retried_outcome_id as outcome_id
    from retry_links

),

retry_root_attempts as (

    select
        retry_links.day,
        retry_roots.source,
        retry_roots.attempt_id,
        retry_roots.root_attempt_id,
        roots.logged_request_id,
        roots.retry_group,
        roots.outcome_id
    from retry_roots
    inner join retry_links
        on
            retry_roots.source = retry_links.source
            and retry_roots.attempt_id = retry_links.attempt_id
    inner join retried_attempts as roots
        on
            retry_roots.source = roots.source
            and retry_roots.root_attempt_id = roots.attempt_id

),

-- Rules 2 and 3 share one shape: attempts with one key, in time order, continue a request while a condition holds.
keys_in_scope as (

    select
        retry_group,
        outcome_id
    from attempts_in_scope

    union

    select
        retry_root_attempts.retry_group,
        retry_root_attempts.outcome_id
    from retry_root_attempts
    inner join attempts_in_scope
        on
            retry_root_attempts.source = attempts_in_scope.source
            and retry_root_attempts.attempt_id = attempts_in_scope.attempt_id

),

keyed_attempts as (

    select
        attempts.day,
        attempts.source,
        attempts.attempt_id,
        attempts.started_at,
        {{ finished_at('attempts.ended_at', 'attempts.started_at') }} as finished_at,
        attempts.status,
        case
            when attempts.retry_group is not null then 'trace ' || attempts.retry_group
            else
                'prompt ' || {{ resolved_use_case(
                    'attempts.logged_use_case', 'mapped.use_case', 'of_outcome.use_case'
                ) }} || chr(31) || attempts.outcome_id || chr(31) || attempts.prompt_hash
        end as retry_key,
        case when attempts.retry_group is not null then 'trace' else 'retry_window' end as request_rule
    from {{ ref('int_attempts') }} as attempts
    left join {{ ref('int_mapped_use_cases') }} as mapped
        on
            attempts.source = mapped.source
            and attempts.attempt_id = mapped.attempt_id
    left join {{ ref('int_outcome_use_cases') }} as of_outcome on attempts.outcome_id = of_outcome.outcome_id
    where
        attempts.logged_request_id is null
        and attempts.retry_of is null
        and (
            attempts.retry_group is not null
            or (
                attempts.prompt_hash is not null
                and attempts.outcome_id is not null
                and {{ is_retry_window_source('attempts.source') }}
            )
        )
        {% if is_incremental() %}
        and (
            attempts.retry_group in (select retry_group from keys_in_scope)
            or attempts.outcome_id in (select outcome_id from keys_in_scope)
        )
        {% endif %}

),

repeated_keys as (

    select
        source,
        retry_key
    from keyed_attempts
    where retry_key is not null
    group by source, retry_key
    having count(*) > 1

),

ordered_attempts as (

    select
        keyed_attempts.day,
        keyed_attempts.source,
        keyed_attempts.attempt_id,
        keyed_attempts.started_at,
        keyed_attempts.retry_key,
        keyed_attempts.request_rule,
        lag(keyed_attempts.status) over earlier <> 'success'
        and (
            keyed_attempts.request_rule = 'trace'
            or {{ microseconds_between('lag(keyed_attempts.finished_at) over earlier', 'keyed_attempts.started_at') }}
            <= {{ var('retry_window_seconds') }} * 1000000
        ) as continues_request
    from keyed_attempts
    inner join repeated_keys
        on
            keyed_attempts.source = repeated_keys.source
            and keyed_attempts.retry_key = repeated_keys.retry_key
    window earlier as (
        partition by keyed_attempts.source, keyed_attempts.retry_key
        order by keyed_attempts.started_at, keyed_attempts.attempt_id
    )

),

numbered_requests as (

    select
        day,
        source,
        attempt_id,
        started_at,
        retry_key,
        request_rule,
        sum(case when coalesce(continues_request, false) then 0 else 1 end) over (
            partition by source, retry_key
            order by started_at, attempt_id
        ) as request_no
    from ordered_attempts

),

requests_by_key as (

    select
        day,
        source,
        attempt_id,
        first_value(attempt_id) over (
            partition by source, retry_key, request_no
            order by started_at, attempt_id
        ) as request_id,
        request_rule
    from numbered_requests
    qualify count(*) over (partition by source, retry_key, request_no) > 1

),

-- A retry of an attempt joins the request that the attempt itself is in.
requests_by_retry_of as (

    select
        retries.day,
        retries.source,
        retries.attempt_id,
        coalesce(retries.logged_request_id, requests_by_key.request_id, retries.root_attempt_id) as request_id,
        'retry_of' as request_rule
    from retry_root_attempts as retries
    left join requests_by_key
        on
            retries.source = requests_by_key.source
            and retries.root_attempt_id = requests_by_key.attempt_id

),

grouped_attempts as (

    select day, source, attempt_id, request_id, request_rule from requests_by_retry_of
    union all
    select day, source, attempt_id, request_id, request_rule from requests_by_key

)

select
    day,
    source,
    attempt_id,
    request_id,
    request_rule
from grouped_attempts
where true {{ and_in_rebuild_days('day') }}
