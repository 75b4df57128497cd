-- One row per task class and pair of tiers that one use case was observed on, both with enough outcomes: how acceptance
-- and rework differ between them. Two tiers are only ever compared within one use case; across use cases the difference
-- would be that of the work, not of the model.
select
    used.use_case,
    used.task_class,
    used.tier as current_tier,
    aim.tier as target_tier,
    least(used.outcomes, aim.outcomes) as weight,
    aim.acceptance_rate - used.acceptance_rate as acceptance_change,
    aim.reworked_share - used.reworked_share as reworked_share_change,
    aim.rework_per_outcome - used.rework_per_outcome as rework_change,
    {{ percent_words('aim.acceptance_rate') }} || ' of ' || cast(aim.outcomes as varchar)
    || ' outcomes on ' || aim.tier || ' accepted, rework ' || {{ money_words('aim.rework_per_outcome') }}
    || ' each; ' || {{ percent_words('used.acceptance_rate') }} || ' of ' || cast(used.outcomes as varchar) || ' on '
    || used.tier || ', ' || {{ money_words('used.rework_per_outcome') }} as words
from {{ ref('int_lever_quality') }} as used
cross join {{ ref('int_lever_window') }} as lever_window
inner join {{ ref('int_lever_quality') }} as aim
    on
        used.use_case = aim.use_case
        and used.task_class = aim.task_class
where least(used.outcomes, aim.outcomes) >= lever_window.minimum_outcomes
