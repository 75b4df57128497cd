-- Cost and quality
-- The latest complete month against the month before it, by function and use case.
with now as (

    select max(as_of) as as_of
    from {{ ref('publishes') }}

),

months as (

    select
        maturity.function,
        maturity.owner,
        months.use_case,
        months.month,
        months.total_cost,
        months.accepted_outcomes,
        months.cost_per_request,
        months.developed_cost_per_accepted_outcome,
        months.acceptance_rate,
        months.full_human_review_rate,
        months.sla_attainment,
        lag(months.cost_per_request) over past as former_cost_per_request,
        lag(months.developed_cost_per_accepted_outcome) over past as former_cost_per_accepted_outcome,
        max(months.month) over () as latest_month
    from {{ ref('use_case_monthly') }} as months
    inner join {{ ref('maturity') }} as maturity on months.use_case = maturity.use_case
    cross join now
    where months.month + interval 1 month <= now.as_of
    window past as (partition by months.use_case order by months.month)

)

select
    function,
    owner,
    use_case,
    month,
    total_cost,
    accepted_outcomes,
    cost_per_request,
    cost_per_request / nullif(former_cost_per_request, 0) - 1 as cost_per_request_change,
    developed_cost_per_accepted_outcome as cost_per_accepted_outcome,
    developed_cost_per_accepted_outcome / nullif(former_cost_per_accepted_outcome, 0) - 1
        as cost_per_accepted_outcome_change,
    acceptance_rate,
    full_human_review_rate,
    sla_attainment
from months
where month = latest_month
order by function, total_cost desc
