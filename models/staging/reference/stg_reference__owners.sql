-- One row is one owner and whom an escalation names.
select
    nullif(trim(owner), '') as owner,
    nullif(trim(contact), '') as contact,
    nullif(trim(escalation_1), '') as escalation_1,
    nullif(trim(escalation_2), '') as escalation_2
from {{ ref('owners') }}
