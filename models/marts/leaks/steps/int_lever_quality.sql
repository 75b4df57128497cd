-- One row per use case, task class and tier: what its answers were worth, over the outcomes whose acceptance window has
-- closed. This is what a routed request is expected to be worth on the tier that it is sent to.
select
    use_case,
    task_class,
    tier,
    count(*) as outcomes,
    sum(case when rework_cost > 0 then 1 else 0 end) as reworked_outcomes,
    cast(sum(rework_cost) as decimal(38, 12)) as rework_cost,
    {{ ratio('sum(case when is_accepted then 1 else 0 end)', 'count(*)') }} as acceptance_rate,
    {{ ratio('sum(case when rework_cost > 0 then 1 else 0 end)', 'count(*)') }} as reworked_share,
    {{ ratio('sum(rework_cost)', 'count(*)') }} as rework_per_outcome
from {{ ref('int_lever_outcomes') }}
where is_mature
group by use_case, task_class, tier
