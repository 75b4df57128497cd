-- Cost objectives
-- Use cases that burn their error budget over both windows, or lie below their quality floor.
with latest as (

    select max(day) as day
    from {{ ref('cost_slo_status') }}

)

select
    slo.owner,
    slo.use_case,
    slo.alert,
    slo.target_cost_per_accepted_outcome,
    slo.cost_per_accepted_outcome,
    slo.burn_rate_7_days,
    slo.burn_rate_2_days,
    slo.acceptance_rate_7_days,
    slo.quality_floor
from {{ ref('cost_slo_status') }} as slo
inner join latest on slo.day = latest.day
where slo.alert <> 'none'
order by slo.alert, slo.owner, slo.use_case
