-- The one action
-- The largest move of budget that is proposed; where nothing should move, the first item of the ninety days that is due
-- and not done.
with actions as (

    select
        1 as urgency,
        owner,
        use_case,
        cast(change_amount as double) as amount,
        'Raise the budget of ' || use_case || ' by ' || printf('%.2f', cast(change_amount as double)) || ' to '
        || printf('%.2f', cast(proposed_limit_amount as double)) || ' for ' || strftime(month, '%Y-%m')
        || ': a unit bought ' || printf('%.1f', accepted_per_unit) || ' accepted outcomes.' as action
    from {{ ref('budget_reallocation') }}
    where change_amount > 0

    union all

    select
        2 as urgency,
        null as owner,
        null as use_case,
        -position as amount,
        'Do next: ' || item || ' (' || evidence || ').' as action
    from {{ ref('playbook_progress') }}
    where
        is_due
        and not is_done

)

select
    owner,
    use_case,
    action
from actions
order by urgency asc, amount desc, use_case asc
