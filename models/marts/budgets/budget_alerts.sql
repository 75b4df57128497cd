-- Guarantees one row per crossing: owner, use case, budget, month, revision and threshold, found in the present figures
-- or told to the receiver before. The state of delivery is that of the start of the run that made this build.
with burn as (

    select
        day,
        owner,
        use_case,
        month,
        budget_revision,
        limit_amount,
        spent_amount,
        status,
        premium_status,
        premium_spent_amount,
        premium_limit_amount,
        experiment_status,
        experiment_revision,
        experiment_spent_amount,
        experiment_limit_amount
    from {{ ref('owner_budget_burn') }}

),

-- A status implies the thresholds below it: who jumps from ok to exhausted in one day has crossed three.
crossed_days as (

    {%- for budget, status, revision, spent, limit, reached in [
        ('production', 'status', 'budget_revision', 'spent_amount', 'limit_amount',
         {'soft': ['soft', 'hard', 'exhausted'], 'hard': ['hard', 'exhausted'], 'exhausted': ['exhausted'],
          'no_budget': ['no_budget']}),
        ('premium', 'premium_status', 'budget_revision', 'premium_spent_amount', 'premium_limit_amount',
         {'soft': ['soft', 'exhausted'], 'exhausted': ['exhausted']}),
        ('experiment', 'experiment_status', 'experiment_revision', 'experiment_spent_amount',
         'experiment_limit_amount',
         {'soft': ['soft', 'exhausted'], 'exhausted': ['exhausted'], 'no_budget': ['no_budget']}),
    ] %}
    {%- set last_budget = loop.last %}
    {%- for threshold, statuses in reached.items() %}

    select
        day,
        owner,
        use_case,
        '{{ budget }}' as budget,
        month,
        {{ revision }} as budget_revision,
        '{{ threshold }}' as threshold,
        {{ spent }} as spent_amount,
        {{ limit }} as limit_amount
    from burn
    where
        {{ status }} in ('{{ statuses | join("', '") }}')
        and {{ spent }} > 0
    {{- '' if loop.last and last_budget else '\n\n    union all' }}
    {%- endfor %}
    {%- endfor %}

),

crossings as (

    select
        owner,
        use_case,
        budget,
        month,
        budget_revision,
        threshold,
        min(day) as crossed_day,
        min(spent_amount) as spent_amount,
        min(limit_amount) as limit_amount
    from crossed_days
    group by owner, use_case, budget, month, budget_revision, threshold

),

named_crossings as (

    select
        {{ alert_key(['owner', 'use_case', 'budget', 'month', 'budget_revision', 'threshold']) }} as alert_key,
        owner,
        use_case,
        budget,
        month,
        budget_revision,
        threshold,
        crossed_day,
        spent_amount,
        limit_amount
    from crossings

),

outbox as (

    select
        alert_key,
        owner,
        use_case,
        budget,
        month,
        budget_revision,
        threshold,
        crossed_day,
        spent_amount,
        limit_amount,
        is_restated,
        state,
        attempts,
        queued_at,
        sent_at,
        last_error
    from {{ source('ledger', 'alert_outbox') }}

)

select
    coalesce(named_crossings.alert_key, outbox.alert_key) as alert_key,
    coalesce(named_crossings.owner, outbox.owner) as owner,
    coalesce(named_crossings.use_case, outbox.use_case) as use_case,
    coalesce(named_crossings.budget, outbox.budget) as budget,
    coalesce(named_crossings.month, outbox.month) as month,
    cast(coalesce(named_crossings.budget_revision, outbox.budget_revision) as integer) as budget_revision,
    coalesce(named_crossings.threshold, outbox.threshold) as threshold,
    coalesce(named_crossings.crossed_day, outbox.crossed_day) as crossed_day,
    cast(coalesce(named_crossings.spent_amount, outbox.spent_amount) as decimal(38, 12)) as spent_amount,
    cast(coalesce(named_crossings.limit_amount, outbox.limit_amount) as decimal(38, 12)) as limit_amount,
    case coalesce(named_crossings.threshold, outbox.threshold)
        when 'hard' then owners.escalation_2
        when 'exhausted' then owners.escalation_2
        else owners.escalation_1
    end as escalate_to,
    named_crossings.alert_key is not null as is_standing,
    coalesce(outbox.is_restated, false) as is_restated,
    coalesce(outbox.state, 'new') as delivery_state,
    cast(coalesce(outbox.attempts, 0) as integer) as delivery_attempts,
    outbox.queued_at,
    outbox.sent_at,
    outbox.last_error
from named_crossings
full outer join outbox on named_crossings.alert_key = outbox.alert_key
left join {{ ref('stg_reference__owners') }} as owners
    on coalesce(named_crossings.owner, outbox.owner) = owners.owner
