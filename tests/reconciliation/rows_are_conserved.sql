-- Catches a row that vanishes or appears between landing and marts: each landed table's rows that count as of the run
-- are exactly the rows of its mart, and attempts add up through requests and use cases.
{%- set version = composite(['updated_at', 'row_hash']) %}
with counts as (

    select
        'attempts' as what,
        -- A declaration says how many attempts the current rows are; which spans are calls is a rule of its own.
        (
            {%- for table in landed_tables() if table.config.meta.attempts %}
            select {{ table.config.meta.attempts }} from {{ table.relation_name }}
            where _is_current and started_at <= {{ as_of() }}
        ) + (
            {%- endfor %}
            select count(*) from {{ ref('int_otel_attempts') }}
        ) as expected,
        (select count(*) from {{ ref('attempts') }}) as found
    union all
    select
        'attempts of requests' as what,
        (select count(*) from {{ ref('attempts') }}) as expected,
        (select coalesce(sum(attempts), 0) from {{ ref('requests') }}) as found
    union all
    select
        'attempts of use cases' as what,
        (select count(*) from {{ ref('attempts') }}) as expected,
        (select coalesce(sum(attempts), 0) from {{ ref('use_case_daily') }}) as found
    union all
    select
        'attempts of spend' as what,
        (select count(*) from {{ ref('attempts') }}) as expected,
        (select coalesce(sum(attempts), 0) from {{ ref('spend_daily') }}) as found
    union all
    select
        'requests of use cases' as what,
        (select count(*) from {{ ref('requests') }}) as expected,
        (select coalesce(sum(requests), 0) from {{ ref('use_case_daily') }}) as found
    union all
    select
        'outcomes of attempts and decisions' as what,
        (
            select count(*)
            from (
                select use_case, outcome_id from {{ ref('attempts') }} where outcome_id is not null
                union
                select outcomes.use_case, outcomes.outcome_id from {{ ref('outcomes') }} as outcomes
                where outcomes.attempts = 0 and outcomes.latest_decision is not null
            )
        ) as expected,
        (select count(*) from {{ ref('outcomes') }}) as found
    union all
    select
        'outcomes of use cases' as what,
        (select count(*) from {{ ref('outcomes') }}) as expected,
        (select coalesce(sum(outcomes + open_outcomes), 0) from {{ ref('use_case_daily') }}) as found
    union all
    select
        'landed ticket states' as what,
        (
            select count(*) from {{ source('native', 'rework') }}
        ){% for desk in desks() %} + (
            select count(*) from {{ source(desk, 'records') }} where record = 'ticket'
        ){% endfor %} as expected,
        (
            select count(*) from {{ ref('int_ticket_states') }}
            where {{ is_of_family('source', ['rework'] + desks()) }}
        ) as found
    union all
    select
        'tickets' as what,
        (
            select count(distinct _source || chr(31) || ticket_id)
            from {{ source('native', 'rework') }} where updated_at <= {{ as_of() }}
        ) + (
            select count(distinct _source || chr(31) || record_kind || chr(31) || review_id)
            from {{ source('langfuse', 'scores') }} where is_rework and updated_at <= {{ as_of() }}
        ){% for desk in desks() %} + (
            select count(distinct _source || chr(31) || record_id)
            from {{ source(desk, 'records') }} where record = 'ticket' and updated_at <= {{ as_of() }}
        ){% endfor %} as expected,
        (select count(*) from {{ ref('rework_tickets') }}) + (
            select count(*)
            from (
                select max_by(is_rework, {{ version }}) as is_rework
                from {{ ref('int_ticket_states') }}
                where updated_at <= {{ as_of() }}
                group by source, ticket_id
            )
            where not is_rework
        ) as found
    union all
    select
        'clocks' as what,
        (
            select count(distinct source || chr(31) || event_id)
            from {{ ref('int_sla_clock_states') }} where updated_at <= {{ as_of() }}
        ) as expected,
        (select count(*) from {{ ref('sla_events') }}) + (
            select count(*)
            from (
                select max_by(outcome_id is not null, {{ version }}) as has_outcome
                from {{ ref('int_sla_clock_states') }}
                where updated_at <= {{ as_of() }}
                group by source, event_id
            )
            where not has_outcome
        ) as found
    union all
    select
        'native clocks' as what,
        (
            select count(distinct _source || chr(31) || event_id)
            from {{ source('native', 'sla') }} where updated_at <= {{ as_of() }}
        ) as expected,
        (select count(*) from {{ ref('sla_events') }} where {{ is_of_family('source', ['sla']) }}) as found
    union all
    -- Every instance of a metric that a policy was applied to and that was started is a clock.
    select
        'zendesk clocks' as what,
        (
            select count(*)
            from (
                select _source, ticket_id, metric_name, instance_id
                from {{ source('zendesk', 'records') }} as records
                where
                    record = 'metric_event'
                    and updated_at <= {{ as_of() }}
                    and record_id not in (
                        select deleted.record_id from {{ source('zendesk', 'records') }} as deleted
                        where deleted._source = records._source and deleted.is_deleted and deleted.updated_at <= {{ as_of() }}
                    )
                group by _source, ticket_id, metric_name, instance_id
                having
                    count(case when event_type = 'activate' then 1 end) > 0
                    and count(case when event_type in ('apply_sla', 'apply_group_sla') then 1 end) > 0
            )
        ) as expected,
        (select count(*) from {{ ref('int_zendesk_sla_clocks') }}) as found

)

select
    what,
    expected,
    found
from counts
where expected <> found
