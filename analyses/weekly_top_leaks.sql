-- Top leaks
-- Where inference cost of the last 28 days leaked, and the rework and delay that went with it.
select
    maturity.owner,
    leaks.use_case,
    leaks.leak_rank as rank,
    replace(leaks.leak, '_', ' ') as leak,
    leaks.leak_cost,
    leaks.share_of_inference_cost,
    leaks.rework_cost + leaks.delay_cost as rework_and_delay_cost
from {{ ref('top_leaks') }} as leaks
inner join {{ ref('maturity') }} as maturity on leaks.use_case = maturity.use_case
where leaks.period = 'trailing_28_days'
order by leaks.leak_cost desc
