-- Catches rework or delay that is lost when its outcome is unknown, doubled when a ticket is about several outcomes, or
-- counted on one basis only: the totals are the same on tickets, on outcome parts, in the use-case marts (cohort) and
-- in spend (incurred), with tolerance zero.
with totals as (

    select 'rework' as kind, 'tickets' as layer, coalesce(sum(rework_cost), 0) as amount
    from {{ ref('rework_tickets') }}
    union all
    select 'rework' as kind, 'ticket parts' as layer, coalesce(sum(rework_cost), 0) as amount
    from {{ ref('int_ticket_links') }}
    union all
    select 'rework' as kind, 'use cases by day' as layer, coalesce(sum(rework_cost), 0) as amount
    from {{ ref('use_case_daily') }}
    union all
    select 'rework' as kind, 'use cases by week' as layer, coalesce(sum(rework_cost), 0) as amount
    from {{ ref('use_case_weekly') }}
    union all
    select 'rework' as kind, 'use cases by month' as layer, coalesce(sum(rework_cost), 0) as amount
    from {{ ref('use_case_monthly') }}
    union all
    select 'rework' as kind, 'spend' as layer, coalesce(sum(rework_cost), 0) as amount
    from {{ ref('spend_daily') }}
    union all
    select 'delay' as kind, 'outcome delays' as layer, coalesce(sum(delay_cost), 0) as amount
    from {{ ref('int_outcome_delays') }}
    union all
    select 'delay' as kind, 'use cases by day' as layer, coalesce(sum(delay_cost), 0) as amount
    from {{ ref('use_case_daily') }}
    union all
    select 'delay' as kind, 'use cases by week' as layer, coalesce(sum(delay_cost), 0) as amount
    from {{ ref('use_case_weekly') }}
    union all
    select 'delay' as kind, 'use cases by month' as layer, coalesce(sum(delay_cost), 0) as amount
    from {{ ref('use_case_monthly') }}
    union all
    select 'delay' as kind, 'spend' as layer, coalesce(sum(delay_cost), 0) as amount
    from {{ ref('spend_daily') }}

)

select
    kind,
    min(amount) as smallest,
    max(amount) as largest
from totals
group by kind
having min(amount) <> max(amount)
