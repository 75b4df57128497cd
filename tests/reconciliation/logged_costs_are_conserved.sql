-- Catches a reason that loses attempts or money: over all reasons of a source, attempts, our cost and logged cost in
-- logged_cost_variance are those of the attempts.
with sides as (

    select
        source,
        count(*) as attempts,
        coalesce(sum(case when cost_source in ('price_book', 'free') then cost end), 0) as our_cost,
        coalesce(sum(logged_cost), 0) as logged_cost
    from {{ ref('attempts') }}
    group by source

),

shown as (

    select
        source,
        sum(attempts) as attempts,
        sum(our_cost) as our_cost,
        sum(logged_cost) as logged_cost,
        sum(difference) as difference
    from {{ ref('logged_cost_variance') }}
    group by source

)

select
    coalesce(sides.source, shown.source) as source,
    sides.attempts,
    shown.attempts as shown_attempts
from sides
full outer join shown on sides.source = shown.source
where
    coalesce(sides.attempts, 0) <> coalesce(shown.attempts, 0)
    or sides.our_cost <> shown.our_cost
    or sides.logged_cost <> shown.logged_cost
    or sides.logged_cost - sides.our_cost <> shown.difference
