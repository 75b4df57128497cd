-- One row is one revision of a month's budget of an owner and use case.
select
    nullif(trim(owner), '') as owner,
    nullif(trim(use_case), '') as use_case,
    cast(substr(trim(month), 1, 7) || '-01' as date) as month,
    cast(nullif(trim(revision), '') as integer) as revision,
    {{ reference_instant("nullif(trim(effective_at), '')") }} as effective_at,
    nullif(trim(kind), '') as kind,
    cast(nullif(trim(limit_amount), '') as decimal(38, 12)) as limit_amount,
    coalesce(upper(nullif(trim(currency), '')), '{{ var("reporting_currency") }}') as currency,
    cast(nullif(trim(soft_share), '') as decimal(18, 9)) as soft_share,
    cast(nullif(trim(hard_share), '') as decimal(18, 9)) as hard_share,
    cast(nullif(trim(premium_limit_share), '') as decimal(18, 9)) as premium_limit_share,
    cast(nullif(trim(throttle_share), '') as decimal(18, 9)) as throttle_share
from {{ ref('budgets') }}
