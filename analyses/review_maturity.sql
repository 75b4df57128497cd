-- Maturity
-- Level 1 reactive, 2 controlled, 3 integrated, 4 strategic; and what the next level still asks for.
select
    function,
    owner,
    use_case,
    level,
    level_name,
    unmet_criteria
from {{ ref('maturity') }}
order by level, function, use_case
