-- What the money bought
-- The 13 weeks before the run: cost, accepted outcomes, and what one of them cost.
with now as (

    select max(as_of) as as_of
    from {{ ref('publishes') }}

)

select
    maturity.function,
    maturity.owner,
    days.use_case,
    sum(days.inference_cost) as inference_cost,
    sum(days.rework_cost) as rework_cost,
    sum(days.delay_cost) as delay_cost,
    sum(days.total_cost) as total_cost,
    sum(days.accepted_outcomes) as accepted_outcomes,
    sum(days.total_cost) / nullif(sum(days.accepted_outcomes), 0) as cost_per_accepted_outcome,
    sum(days.accepted_outcomes) / nullif(sum(days.outcomes), 0) as acceptance_rate
from {{ ref('use_case_daily') }} as days
inner join {{ ref('maturity') }} as maturity on days.use_case = maturity.use_case
cross join now
where
    days.day >= cast(now.as_of as date) - 91
    and days.day < cast(now.as_of as date)
group by maturity.function, maturity.owner, days.use_case
order by total_cost desc
