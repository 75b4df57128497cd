{%- set last_answer = composite(['parts.finished_at', 'parts.started_at', 'parts.attempt_id']) %}

-- One row per complete outcome that a model answered, of the days on which quality is observed: the task class and the
-- model of the last answer, how the outcome ended, and whether it is one of the window. Only an outcome whose acceptance
-- window has closed tells how good its tier is: rework of a fresh one is still to come.
with answers as (

    select
        parts.use_case,
        parts.outcome_id,
        max_by(parts.task_class, {{ last_answer }}) as task_class,
        max_by(parts.provider, {{ last_answer }}) as provider,
        max_by(parts.model, {{ last_answer }}) as model,
        max_by(parts.tier, {{ last_answer }}) as tier
    from {{ ref('int_attempt_parts') }} as parts
    inner join {{ ref('int_lever_window') }} as lever_window
        on parts.cohort_day between lever_window.first_observed_day and lever_window.last_day
    where
        parts.outcome_id is not null
        and parts.reached_model
        and parts.status = 'success'
    group by parts.use_case, parts.outcome_id

)

select
    outcomes.use_case,
    outcomes.outcome_id,
    answers.task_class,
    answers.provider,
    answers.model,
    answers.tier,
    outcomes.state = 'accepted' as is_accepted,
    outcomes.rework_cost,
    outcomes.day >= lever_window.first_day as is_in_window,
    outcomes.acceptance_window_closes_at <= {{ as_of() }} as is_mature
from answers
cross join {{ ref('int_lever_window') }} as lever_window
inner join {{ ref('outcomes') }} as outcomes
    on
        answers.use_case = outcomes.use_case
        and answers.outcome_id = outcomes.outcome_id
where outcomes.is_complete
