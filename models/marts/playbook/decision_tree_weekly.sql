-- Guarantees one row per week and use case with requests: the questions of the decision tree with their answers, the
-- figures that each answer rests on, and the first action to take. Cohort basis; a week is compared with the four weeks
-- before it.
with weeks as (

    select
        week,
        use_case,
        latest_day,
        requests,
        baseline_weeks,
        failed_attempts,
        retry_rate,
        baseline_retry_rate,
        cost_per_request,
        baseline_cost_per_request,
        cost_per_accepted_outcome,
        baseline_cost_per_accepted_outcome,
        failed_cost_per_request,
        baseline_failed_cost_per_request,
        failed_cost_per_accepted_outcome,
        baseline_failed_cost_per_accepted_outcome,
        requests >= {{ var('tree_minimum_requests') }}
        and baseline_weeks >= {{ var('tree_minimum_baseline_weeks') }}
        and cost_per_accepted_outcome is not null
        and baseline_cost_per_accepted_outcome is not null as has_evidence,
        {{ is_rising('cost_per_request', 'baseline_cost_per_request', 'highest_cost_per_request') }} as is_request_rising,
        {{ is_rising(
            'cost_per_accepted_outcome', 'baseline_cost_per_accepted_outcome', 'highest_cost_per_accepted_outcome'
        ) }} as is_outcome_rising
    from {{ ref('int_tree_weeks') }}
    where scope = 'all'

),

-- A class rises when what rises for the use case rises for it.
class_answers as (

    select
        weeks.week,
        weeks.use_case,
        classes.scope as task_class,
        coalesce(case
            when weeks.is_outcome_rising
                then {{ is_rising(
                    'classes.cost_per_accepted_outcome',
                    'classes.baseline_cost_per_accepted_outcome',
                    'classes.highest_cost_per_accepted_outcome'
                ) }}
            else {{ is_rising(
                    'classes.cost_per_request', 'classes.baseline_cost_per_request', 'classes.highest_cost_per_request'
                ) }}
        end, false) as is_rising
    from weeks
    inner join {{ ref('int_tree_weeks') }} as classes
        on
            weeks.week = classes.week
            and weeks.use_case = classes.use_case
    where classes.scope <> 'all'

),

class_counts as (

    select
        week,
        use_case,
        count(*) as task_classes,
        sum(case when is_rising then 1 else 0 end) as rising_task_classes,
        {{ distinct_texts('case when is_rising then task_class end') }} as rising_task_class_names
    from class_answers
    group by week, use_case

),

-- Of what rises most closely to the outcome, the part that failed attempts and the delay beside them make up.
failure_shares as (

    select
        week,
        use_case,
        case
            when is_outcome_rising
                then {{ ratio(
                    '(failed_cost_per_accepted_outcome - baseline_failed_cost_per_accepted_outcome)',
                    '(cost_per_accepted_outcome - baseline_cost_per_accepted_outcome)'
                ) }}
            when is_request_rising
                then {{ ratio(
                    '(failed_cost_per_request - baseline_failed_cost_per_request)',
                    '(cost_per_request - baseline_cost_per_request)'
                ) }}
        end as failure_share_of_rise
    from weeks

),

answers as (

    select
        weeks.week,
        weeks.use_case,
        weeks.latest_day,
        weeks.requests,
        weeks.baseline_weeks,
        weeks.has_evidence,
        weeks.cost_per_request,
        weeks.baseline_cost_per_request,
        weeks.cost_per_accepted_outcome,
        weeks.baseline_cost_per_accepted_outcome,
        weeks.retry_rate,
        weeks.baseline_retry_rate,
        weeks.failed_attempts,
        failure_shares.failure_share_of_rise,
        class_counts.task_classes,
        class_counts.rising_task_classes,
        class_counts.rising_task_class_names,
        case when weeks.has_evidence then weeks.is_request_rising end as is_cost_per_request_rising,
        case when weeks.has_evidence then weeks.is_outcome_rising end as is_cost_per_accepted_outcome_rising,
        case
            when weeks.has_evidence and (weeks.is_request_rising or weeks.is_outcome_rising)
                then coalesce(class_counts.rising_task_classes = class_counts.task_classes, false)
        end as is_rising_in_all_task_classes,
        case
            when weeks.has_evidence and (weeks.is_request_rising or weeks.is_outcome_rising)
                then coalesce(failure_shares.failure_share_of_rise >= {{ var('tree_failure_share') }}, false)
        end as is_driven_by_failures
    from weeks
    inner join failure_shares
        on
            weeks.week = failure_shares.week
            and weeks.use_case = failure_shares.use_case
    left join class_counts
        on
            weeks.week = class_counts.week
            and weeks.use_case = class_counts.use_case

),

decisions as (

    select
        week,
        use_case,
        case
            when not has_evidence then 'not_enough_evidence'
            when is_driven_by_failures then 'stability_first'
            when is_cost_per_request_rising and is_cost_per_accepted_outcome_rising then 'context_and_routing_first'
            when is_cost_per_accepted_outcome_rising then 'quality_and_rework_first'
            when is_cost_per_request_rising then 'dearer_requests_pay'
            else 'no_action'
        end as action
    from answers

)

select
    answers.week,
    answers.use_case,
    coalesce(use_cases.owner, 'unowned') as owner,
    use_cases.criticality,
    {{ add_days('answers.week', 7) }} <= {{ day_of(as_of()) }} as is_complete_week,
    answers.requests,
    answers.baseline_weeks,
    round(answers.cost_per_request, 9) as cost_per_request,
    round(answers.baseline_cost_per_request, 9) as baseline_cost_per_request,
    answers.is_cost_per_request_rising,
    round(answers.cost_per_accepted_outcome, 9) as cost_per_accepted_outcome,
    round(answers.baseline_cost_per_accepted_outcome, 9) as baseline_cost_per_accepted_outcome,
    answers.is_cost_per_accepted_outcome_rising,
    cast(coalesce(answers.task_classes, 0) as integer) as task_classes,
    cast(coalesce(answers.rising_task_classes, 0) as integer) as rising_task_classes,
    answers.rising_task_class_names,
    answers.is_rising_in_all_task_classes,
    answers.failed_attempts,
    answers.retry_rate,
    answers.baseline_retry_rate,
    round(answers.failure_share_of_rise, 9) as failure_share_of_rise,
    answers.is_driven_by_failures,
    decisions.action,
    case decisions.action
        when 'stability_first' then 'Fix errors and timeouts first: they make up most of the rise.'
        when 'context_and_routing_first' then 'Cut context and route by task class first: requests themselves got dearer.'
        when 'quality_and_rework_first' then 'Improve quality and reduce rework first: requests did not get dearer, correct outcomes did.'
        when 'dearer_requests_pay' then 'Keep watching: requests got dearer, correct outcomes did not.'
        when 'no_action' then 'Nothing rises.'
        else 'Too few requests, weeks or accepted outcomes to tell.'
    end
    || case
        when answers.is_rising_in_all_task_classes = false and answers.rising_task_classes > 0
            then ' Only for class ' || answers.rising_task_class_names || '.'
        else ''
    end as action_text
from answers
inner join decisions
    on
        answers.week = decisions.week
        and answers.use_case = decisions.use_case
left join {{ ref('stg_reference__use_cases') }} as use_cases
    on
        answers.use_case = use_cases.use_case
        and {{ start_of_day('answers.latest_day') }} >= use_cases.valid_from
        and {{ start_of_day('answers.latest_day') }} < use_cases.valid_to
