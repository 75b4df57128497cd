{{ config(materialized='incremental', incremental_strategy='replace_days') }}

-- Guarantees one row per Zendesk ticket, metric and instance that an SLA policy was applied to, on the day its clock
-- started, paired from metric events as of the run. A clock runs from an activate event to the next pause or fulfill
-- event; an activate event after one of these lets it run on. Between, and after the last, it stands still. The policy
-- applied last counts. A target in calendar time is due its minutes after the start. When a target in business hours is
-- due only Zendesk's schedule tells: at its breach event; without one the due time is not known, and nothing was
-- breached.
with tickets_in_scope as (

    select distinct
        source,
        ticket_id
    from {{ ref('stg_zendesk__metric_events') }}
    where
        happened_at <= {{ as_of() }}
        {{ and_in_rebuild_days(day_of('happened_at')) }}

),

event_versions as (

    select
        events.source,
        events.ticket_id,
        events.metric_name,
        events.instance_id,
        events.event_id,
        events.event_type,
        events.policy_id,
        events.target_minutes,
        events.business_hours,
        events.is_deleted,
        events.happened_at,
        events.file_sha256,
        events.file_row_no,
        row_number() over (
            partition by events.source, events.event_id
            order by events.is_deleted desc, events.happened_at desc, events.row_hash desc
        ) as version
    from {{ ref('stg_zendesk__metric_events') }} as events
    inner join tickets_in_scope
        on
            events.source = tickets_in_scope.source
            and events.ticket_id = tickets_in_scope.ticket_id
    where events.happened_at <= {{ as_of() }}

),

-- Ids are whole numbers, so that the shorter one is the smaller one; of one second's events the smaller id came first.
events as (

    select
        source,
        ticket_id,
        metric_name,
        instance_id,
        event_id,
        case when event_type = 'apply_group_sla' then 'apply_sla' else event_type end as event_type,
        policy_id,
        target_minutes,
        business_hours,
        happened_at,
        file_sha256,
        file_row_no,
        row_number() over (
            partition by source, ticket_id, metric_name, instance_id
            order by happened_at, length(event_id), event_id
        ) as place
    from event_versions
    where
        version = 1
        and not is_deleted

),

latest_priorities as (

    select
        source,
        ticket_id,
        priority,
        row_number() over (partition by source, ticket_id order by updated_at desc, row_hash desc) as recency
    from {{ ref('stg_zendesk__ticket_priorities') }}
    where updated_at <= {{ as_of() }}

),

applied_policies as (

    select
        source,
        ticket_id,
        metric_name,
        instance_id,
        policy_id,
        target_minutes,
        business_hours,
        happened_at,
        case
            when metric_name <> 'reply_time' then metric_name
            when instance_id = 1 then 'first_reply_time'
            else 'next_reply_time'
        end as policy_metric_name,
        row_number() over (
            partition by source, ticket_id, metric_name, instance_id
            order by place desc
        ) as recency
    from events
    where event_type = 'apply_sla'

),

-- The policy as it was when it was applied, or its first known version where that is younger.
policy_targets as (

    select
        applied.source,
        applied.ticket_id,
        applied.metric_name,
        applied.instance_id,
        policies.target_minutes,
        policies.business_hours,
        row_number() over (
            partition by applied.source, applied.ticket_id, applied.metric_name, applied.instance_id
            order by
                case when policies.updated_at <= applied.happened_at then policies.updated_at end desc nulls last,
                policies.updated_at asc,
                policies.row_hash asc
        ) as choice
    from applied_policies as applied
    inner join latest_priorities
        on
            applied.source = latest_priorities.source
            and applied.ticket_id = latest_priorities.ticket_id
            and latest_priorities.recency = 1
    inner join {{ ref('stg_zendesk__sla_policies') }} as policies
        on
            applied.source = policies.source
            and applied.policy_id = policies.policy_id
            and applied.policy_metric_name = policies.metric_name
            and latest_priorities.priority = policies.priority
            and policies.updated_at <= {{ as_of() }}
    where
        applied.recency = 1
        and applied.target_minutes is null

),

targets as (

    select
        applied.source,
        applied.ticket_id,
        applied.metric_name,
        applied.instance_id,
        applied.policy_id is null and applied.target_minutes is null as is_cancelled,
        coalesce(applied.target_minutes, policy_targets.target_minutes) as target_minutes,
        case
            when applied.target_minutes is null then coalesce(policy_targets.business_hours, false)
            else applied.business_hours
        end as business_hours
    from applied_policies as applied
    left join policy_targets
        on
            applied.source = policy_targets.source
            and applied.ticket_id = policy_targets.ticket_id
            and applied.metric_name = policy_targets.metric_name
            and applied.instance_id = policy_targets.instance_id
            and policy_targets.choice = 1
    where applied.recency = 1

),

turns as (

    select
        source,
        ticket_id,
        metric_name,
        instance_id,
        event_type = 'activate' as runs,
        happened_at,
        file_sha256,
        file_row_no,
        lead(happened_at) over (
            partition by source, ticket_id, metric_name, instance_id
            order by place
        ) as next_turn_at,
        row_number() over (
            partition by source, ticket_id, metric_name, instance_id, event_type = 'activate'
            order by place
        ) as ordinal,
        row_number() over (
            partition by source, ticket_id, metric_name, instance_id
            order by place desc
        ) as recency
    from events
    where event_type in ('activate', 'pause', 'fulfill')

),

breaches as (

    select
        source,
        ticket_id,
        metric_name,
        instance_id,
        happened_at as breached_at,
        row_number() over (
            partition by source, ticket_id, metric_name, instance_id
            order by place desc
        ) as recency
    from events
    where event_type = 'breach'

),

-- Where the due time counts from: the start, or for business hours the breach.
started_clocks as (

    select
        starts.source,
        starts.ticket_id,
        starts.metric_name,
        starts.instance_id,
        starts.happened_at as started_at,
        starts.file_sha256,
        starts.file_row_no,
        targets.is_cancelled,
        targets.business_hours,
        targets.target_minutes,
        case
            when targets.target_minutes is null then null
            when targets.business_hours then breaches.breached_at
            else starts.happened_at
        end as counted_from
    from turns as starts
    inner join targets
        on
            starts.source = targets.source
            and starts.ticket_id = targets.ticket_id
            and starts.metric_name = targets.metric_name
            and starts.instance_id = targets.instance_id
    left join breaches
        on
            starts.source = breaches.source
            and starts.ticket_id = breaches.ticket_id
            and starts.metric_name = breaches.metric_name
            and starts.instance_id = breaches.instance_id
            and breaches.recency = 1
    where
        starts.runs
        and starts.ordinal = 1

),

clocks as (

    select
        started.source,
        started.ticket_id,
        started.metric_name,
        started.instance_id,
        started.started_at,
        started.is_cancelled,
        started.counted_from,
        started.file_sha256,
        started.file_row_no,
        case when started.business_hours then 0 else started.target_minutes end as minutes_to_due,
        max(turns.happened_at) as last_turn_at,
        max(case when turns.recency = 1 and turns.runs then 1 else 0 end) = 1 as is_running,
        sum(case when turns.runs and turns.next_turn_at is not null then greatest(
            {{ microseconds_between('greatest(turns.happened_at, started.counted_from)', 'turns.next_turn_at') }}, 0
        ) else 0 end) as ran_microseconds
    from started_clocks as started
    inner join turns
        on
            started.source = turns.source
            and started.ticket_id = turns.ticket_id
            and started.metric_name = turns.metric_name
            and started.instance_id = turns.instance_id
    group by
        started.source,
        started.ticket_id,
        started.metric_name,
        started.instance_id,
        started.started_at,
        started.is_cancelled,
        started.counted_from,
        started.file_sha256,
        started.file_row_no,
        case when started.business_hours then 0 else started.target_minutes end

)

select
    {{ day_of('started_at') }} as day,
    source,
    ticket_id || '/' || metric_name || '/' || cast(instance_id as varchar) as event_id,
    ticket_id,
    case
        when metric_name in ('reply_time', 'pausable_update_time', 'periodic_update_time') then 'response'
        else 'resolution'
    end as metric,
    started_at,
    {{ add_microseconds('counted_from', microseconds_of_minutes('minutes_to_due')) }} as due_at,
    case when is_running then null else last_turn_at end as stopped_at,
    last_turn_at as updated_at,
    -- Time that the clock stood still before its last turn.
    cast(coalesce(
        {{ microseconds_between('counted_from', 'greatest(last_turn_at, counted_from)') }} - ran_microseconds, 0
    ) as bigint) as paused_microseconds,
    case
        when is_cancelled then 'cancelled'
        when is_running then 'running'
        else 'stopped'
    end as status,
    file_sha256,
    file_row_no
from clocks
where true {{ and_in_rebuild_days(day_of('started_at')) }}
