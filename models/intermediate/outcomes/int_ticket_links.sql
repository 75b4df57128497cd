{{ config(materialized='incremental', incremental_strategy='replace_days') }}

-- Guarantees one row per ticket and outcome that it is about (one without an outcome for a ticket about none), on the
-- day the ticket was opened, with its part of the ticket's cost. The parts add up to the cost exactly: all are equal
-- but the last, which takes the rounding rest. A void ticket costs nothing; a cost that cannot be known is null.
with tickets as (

    select
        tickets.day,
        tickets.source,
        tickets.ticket_id,
        tickets.outcome_ids,
        tickets.logged_use_case,
        tickets.opened_at,
        tickets.worked_at,
        tickets.severity,
        tickets.kind,
        tickets.cause,
        tickets.status,
        tickets.handling_minutes,
        case
            when tickets.status = 'void' then cast(0 as decimal(38, 12))
            when tickets.logged_cost is not null then {{ converted('tickets.logged_cost', 'logged_fx.rate') }}
            else {{ handling_cost('tickets.handling_minutes', 'role_rates.hourly_rate', 'rate_fx.rate') }}
        end as rework_cost
    from {{ ref('int_tickets') }} as tickets
    left join {{ ref('stg_reference__role_rates') }} as role_rates
        on
            tickets.role = role_rates.role
            and tickets.worked_at >= role_rates.valid_from
            and tickets.worked_at < role_rates.valid_to
    left join {{ ref('int_fx_rates') }} as rate_fx
        on
            role_rates.currency = rate_fx.currency
            and {{ day_of('tickets.worked_at') }} >= rate_fx.valid_from
            and {{ day_of('tickets.worked_at') }} < rate_fx.valid_to
    left join {{ ref('int_fx_rates') }} as logged_fx
        on
            coalesce(tickets.logged_currency, '{{ var("reporting_currency") }}') = logged_fx.currency
            and {{ day_of('tickets.worked_at') }} >= logged_fx.valid_from
            and {{ day_of('tickets.worked_at') }} < logged_fx.valid_to
    where true {{ and_in_rebuild_days('tickets.day') }}

),

ticket_outcomes as (

    select
        tickets.source,
        tickets.ticket_id,
        elements.element as outcome_id,
        elements.position
    from tickets
    cross join {{ json_elements('tickets.outcome_ids', 'elements') }}

),

links as (

    select
        tickets.day,
        tickets.source,
        tickets.ticket_id,
        ticket_outcomes.outcome_id,
        coalesce(ticket_outcomes.position, 1) as position,
        greatest(count(ticket_outcomes.outcome_id) over (
            partition by tickets.source, tickets.ticket_id
        ), 1) as parts,
        coalesce(tickets.logged_use_case, of_outcome.use_case) as named_use_case,
        tickets.opened_at,
        tickets.worked_at,
        tickets.severity,
        tickets.kind,
        tickets.cause,
        tickets.status,
        tickets.handling_minutes,
        tickets.rework_cost
    from tickets
    left join ticket_outcomes
        on
            tickets.source = ticket_outcomes.source
            and tickets.ticket_id = ticket_outcomes.ticket_id
    left join {{ ref('int_outcome_use_cases') }} as of_outcome
        on ticket_outcomes.outcome_id = of_outcome.outcome_id

),

divided_links as (

    select
        day,
        source,
        ticket_id,
        outcome_id,
        position,
        parts,
        named_use_case,
        opened_at,
        worked_at,
        severity,
        kind,
        cause,
        status,
        handling_minutes,
        rework_cost,
        {{ exact_quotient([['rework_cost', 12]], 'parts') }} as equal_part
    from links

)

select
    divided_links.day,
    divided_links.source,
    divided_links.ticket_id,
    divided_links.outcome_id,
    divided_links.position,
    divided_links.parts,
    coalesce(declared.use_case, 'unallocated') as use_case,
    divided_links.named_use_case as logged_use_case,
    divided_links.opened_at,
    divided_links.worked_at,
    {{ day_of('divided_links.worked_at') }} as worked_day,
    divided_links.severity,
    divided_links.kind,
    divided_links.cause,
    divided_links.status,
    {{ exact_quotient([['divided_links.handling_minutes', 12]], 'divided_links.parts') }} as handling_minutes,
    cast(
        case
            when divided_links.position < divided_links.parts then divided_links.equal_part
            else divided_links.rework_cost - divided_links.equal_part * (divided_links.parts - 1)
        end as decimal(38, 12)
    ) as rework_cost
from divided_links
left join {{ ref('int_declared_use_cases') }} as declared on divided_links.named_use_case = declared.use_case
