-- One row is one part of a rule for sharing out costs over one half-open interval: a stated share of one use case, or the
-- figure of the day that decides, of one use case or (null) of all.
select
    nullif(trim(rule), '') as rule,
    nullif(trim(key), '') as sharing_key,
    nullif(trim(use_case), '') as use_case,
    cast(nullif(trim(share), '') as decimal(18, 9)) as share,
    coalesce({{ reference_instant("nullif(trim(valid_from), '')") }}, {{ beginning_of_time() }}) as valid_from,
    coalesce({{ reference_instant("nullif(trim(valid_to), '')") }}, {{ end_of_time() }}) as valid_to
from {{ ref('cost_sharing') }}
