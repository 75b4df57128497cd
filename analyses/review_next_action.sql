-- The one action
-- What comes first: a release that made things worse, a budget that is spent, an objective that is missed, a unit cost
-- that rises, the largest leak. Within one kind the largest amount.
with latest_burn as (

    select max(day) as day
    from {{ ref('owner_budget_burn') }}

),

latest_slo as (

    select max(day) as day
    from {{ ref('cost_slo_status') }}

),

latest_week as (

    select max(week) as week
    from {{ ref('decision_tree_weekly') }}
    where is_complete_week

),

now as (

    select max(as_of) as as_of
    from {{ ref('publishes') }}

),

actions as (

    select
        1 as urgency,
        verdicts.owner,
        verdicts.use_case,
        verdicts.candidate_outcomes * (verdicts.candidate_value - verdicts.baseline_value) as amount,
        'Roll back release ' || verdicts.release_id || ' of ' || verdicts.use_case || ': it failed the gate, '
        || 'an accepted outcome costs ' || printf('%.4f', verdicts.candidate_value) || ' instead of '
        || printf('%.4f', verdicts.baseline_value) || '.' as action
    from {{ ref('gate_verdicts') }} as verdicts
    cross join now
    where
        verdicts.release_verdict = 'fail'
        and verdicts.check_group = 'cost'
        and verdicts.candidate_value > verdicts.baseline_value
        and verdicts.candidate_from >= now.as_of - interval 28 days

    union all

    select
        2 as urgency,
        burn.owner,
        burn.use_case,
        cast(burn.spent_amount - burn.limit_amount as double) as amount,
        'Decide on the budget of ' || burn.use_case || ': ' || printf('%.0f', 100 * burn.share_of_limit)
        || ' % of it are spent; ' || coalesce(burn.escalate_to, 'its owner') || ' has to know.' as action
    from {{ ref('owner_budget_burn') }} as burn
    inner join latest_burn on burn.day = latest_burn.day
    where burn.status in ('hard', 'exhausted')

    union all

    select
        3 as urgency,
        slo.owner,
        slo.use_case,
        cast(slo.excess_28_days as double) as amount,
        'Bring ' || slo.use_case || ' back to its objective: an accepted outcome costs '
        || coalesce(printf('%.4f', slo.cost_per_accepted_outcome), 'an unknown amount') || ', the target is '
        || printf('%.4f', cast(slo.target_cost_per_accepted_outcome as double)) || '.' as action
    from {{ ref('cost_slo_status') }} as slo
    inner join latest_slo on slo.day = latest_slo.day
    where slo.alert = 'page'

    union all

    select
        4 as urgency,
        tree.owner,
        tree.use_case,
        tree.requests * (tree.cost_per_request - tree.baseline_cost_per_request) as amount,
        tree.use_case || ': ' || tree.action_text as action
    from {{ ref('decision_tree_weekly') }} as tree
    inner join latest_week on tree.week = latest_week.week
    where tree.action in ('stability_first', 'context_and_routing_first', 'quality_and_rework_first')

    union all

    select
        5 as urgency,
        maturity.owner,
        leaks.use_case,
        cast(leaks.leak_cost as double) as amount,
        'Close the largest leak: ' || replace(leaks.leak, '_', ' ') || ' took ' || printf('%.2f', leaks.leak_cost)
        || ' of ' || leaks.use_case || ' in 28 days.' as action
    from {{ ref('top_leaks') }} as leaks
    inner join {{ ref('maturity') }} as maturity on leaks.use_case = maturity.use_case
    where leaks.period = 'trailing_28_days'

)

select
    owner,
    use_case,
    action
from actions
order by urgency asc, amount desc nulls last, use_case asc
