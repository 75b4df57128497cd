-- Guarantees one row per use case that is declared as of the run, and one for all that are not (`unallocated`): what a
-- gateway should do with its traffic now, and the budget that says so.
with declared_use_cases as (

    select
        use_case,
        owner,
        criticality
    from {{ ref('stg_reference__use_cases') }}
    where
        valid_from <= {{ as_of() }}
        and valid_to > {{ as_of() }}

    union all

    select
        'unallocated' as use_case,
        'unowned' as owner,
        'mass' as criticality

),

-- Burn has no row for a month without spend and without a budget: that is no budget, too.
burn as (

    select
        owner,
        use_case,
        month,
        budget_revision,
        limit_amount,
        spent_amount,
        share_of_limit,
        limit_reached_day,
        status,
        premium_status,
        experiment_status,
        experiment_spent_amount,
        experiment_limit_amount,
        throttle_share
    from {{ ref('owner_budget_burn') }}
    where day = {{ day_of(as_of()) }}

),

busy_hours as (

    select
        use_case,
        date_trunc('hour', started_at) as hour_start,
        count(*) as attempts
    from {{ ref('attempts') }}
    where
        experiment is null
        and day >= {{ add_days(day_of(as_of()), -var('recent_days')) }}
    group by use_case, date_trunc('hour', started_at)

),

usual_traffic as (

    select
        use_case,
        {{ percentile('attempts', 0.95) }} / 60.0e0 as attempts_per_minute
    from busy_hours
    group by use_case

),

judged as (

    select
        declared_use_cases.use_case,
        declared_use_cases.owner,
        declared_use_cases.criticality,
        {{ day_of(as_of()) }} as day,
        burn.budget_revision,
        burn.limit_amount,
        coalesce(burn.spent_amount, 0) as spent_amount,
        burn.share_of_limit,
        burn.limit_reached_day,
        coalesce(burn.status, 'no_budget') as status,
        coalesce(burn.premium_status, 'no_limit') as premium_status,
        coalesce(burn.experiment_status, 'no_budget') as experiment_status,
        burn.experiment_spent_amount,
        burn.experiment_limit_amount,
        burn.throttle_share,
        usual_traffic.attempts_per_minute
    from declared_use_cases
    left join burn
        on
            declared_use_cases.use_case = burn.use_case
            and declared_use_cases.owner = burn.owner
    left join usual_traffic on declared_use_cases.use_case = usual_traffic.use_case

),

decided as (

    select
        use_case,
        owner,
        criticality,
        day,
        budget_revision,
        limit_amount,
        spent_amount,
        share_of_limit,
        limit_reached_day,
        status,
        premium_status,
        experiment_status,
        experiment_spent_amount,
        experiment_limit_amount,
        attempts_per_minute,
        case
            when premium_status = 'exhausted' then false
            when status in ('hard', 'exhausted') then criticality = 'critical'
            else true
        end as is_premium_allowed,
        case
            when criticality = 'mass' and status in ('hard', 'exhausted') then coalesce(throttle_share, 0)
            else 0
        end as applied_throttle_share,
        experiment_status in ('ok', 'soft') as is_experiment_allowed
    from judged

)

select
    use_case,
    owner,
    criticality,
    day,
    cast(date_trunc('month', day) as date) as month,
    is_premium_allowed,
    cast(applied_throttle_share as double) as throttle_share,
    is_experiment_allowed,
    case
        when premium_status = 'exhausted' then 'Premium is blocked: its limit for the month is spent.'
        when not is_premium_allowed and status = 'exhausted'
            then 'Premium is blocked: the budget of the month is spent.'
        when not is_premium_allowed then 'Premium is blocked: the budget is past its hard threshold.'
        when status in ('hard', 'exhausted')
            then 'Premium stays allowed although the budget is past its hard threshold: the use case is critical.'
        when status = 'no_budget' then 'Premium is allowed: there is no budget to hold against.'
        else 'Premium is allowed: the budget is below its hard threshold.'
    end
    || case
        when applied_throttle_share > 0
            then ' ' || cast(cast(round(applied_throttle_share * 100) as integer) as varchar)
                || ' % of mass traffic is held back until the month ends or the budget is raised.'
        when criticality = 'mass' and status in ('hard', 'exhausted')
            then ' Nothing is held back: the budget names no throttle level.'
        else ''
    end
    || case experiment_status
        when 'no_budget' then ' No experiments: there is no experiment budget for the month.'
        when 'exhausted' then ' No experiments: their budget for the month is spent.'
        else ' Experiments are allowed: their own budget is not spent.'
    end as reason,
    cast(budget_revision as integer) as budget_revision,
    status as budget_status,
    premium_status,
    experiment_status,
    cast(spent_amount as decimal(38, 12)) as spent_amount,
    cast(limit_amount as decimal(38, 12)) as limit_amount,
    share_of_limit,
    limit_reached_day,
    cast(experiment_spent_amount as decimal(38, 12)) as experiment_spent_amount,
    cast(experiment_limit_amount as decimal(38, 12)) as experiment_limit_amount,
    attempts_per_minute as usual_attempts_per_minute
from decided
