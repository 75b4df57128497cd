-- What changed
-- The latest complete week against the four weeks before it, use case by use case. Costs per accepted outcome include
-- the rework that is still expected.
with latest as (

    select max(week) as week
    from {{ ref('decision_tree_weekly') }}
    where is_complete_week

)

select
    tree.owner,
    tree.use_case,
    tree.week,
    tree.cost_per_request,
    tree.cost_per_request / nullif(tree.baseline_cost_per_request, 0) - 1 as cost_per_request_change,
    tree.cost_per_accepted_outcome,
    tree.cost_per_accepted_outcome / nullif(tree.baseline_cost_per_accepted_outcome, 0) - 1
        as cost_per_accepted_outcome_change,
    weeks.acceptance_rate,
    weeks.retry_rate,
    tree.action_text
from {{ ref('decision_tree_weekly') }} as tree
inner join latest on tree.week = latest.week
inner join {{ ref('use_case_weekly') }} as weeks
    on
        tree.week = weeks.week
        and tree.use_case = weeks.use_case
where tree.use_case <> 'unallocated'
order by tree.owner, tree.use_case
