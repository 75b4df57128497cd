-- Proposed budgets
-- Money moves to where a unit bought most accepted outcomes, within bounds; the changes add up to nothing.
select
    owner,
    use_case,
    month,
    limit_amount,
    change_amount,
    proposed_limit_amount,
    accepted_per_unit,
    additional_accepted_outcomes,
    reason
from {{ ref('budget_reallocation') }}
order by change_amount desc, use_case
