-- Catches a proposal that creates or destroys money.
select sum(change_amount) as difference
from {{ ref('budget_reallocation') }}
having sum(change_amount) <> 0
