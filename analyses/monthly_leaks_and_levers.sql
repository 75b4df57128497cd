-- Leaks and levers
-- What each lever would save a month on the traffic of its window, largest first. Each is taken alone: savings of
-- several do not add up.
select
    maturity.function,
    maturity.owner,
    levers.use_case,
    replace(levers.lever, '_', ' ') as lever,
    levers.monthly_saved,
    levers.cost_per_accepted_outcome,
    levers.scenario_cost_per_accepted_outcome,
    levers.assumption
from {{ ref('lever_scenarios') }} as levers
inner join {{ ref('maturity') }} as maturity on levers.use_case = maturity.use_case
where
    levers.has_basis
    and levers.monthly_saved > 0
order by levers.monthly_saved desc
limit 20
