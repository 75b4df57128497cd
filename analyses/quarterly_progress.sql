-- The first ninety days
-- What is done of each item, and what says so.
select
    phase,
    item,
    is_done,
    done_share,
    evidence
from {{ ref('playbook_progress') }}
order by position
