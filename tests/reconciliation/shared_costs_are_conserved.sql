-- Catches a landed cost that is lost, doubled or rounded away on its way to the use cases, and one in the mart that never
-- landed: of each cost, the parts of all days are the landed amount when its period has begun to its last day; in the
-- reporting currency, the parts of each day are the day's; and use cases by day, week and month bear what the mart says.
-- Tolerance zero. A part too large to be told is null, and its cost is left out.
{%- set latest = composite(["coalesce(updated_at, timestamptz '1970-01-01 00:00:00+00')", 'file_name', 'load_id', '_row_no']) %}
with landed as (

    select
        costs._source as source,
        costs.cost_id,
        max_by(costs.amount, {{ latest }}) as amount,
        max_by({{ day_of('costs.period_start') }}, {{ latest }}) as first_day,
        max_by({{ day_of(add_microseconds('costs.period_end', -1)) }}, {{ latest }}) as last_day
    from {{ source('native', 'costs') }} as costs
    left join {{ ref('load_files') }} as files
        on
            costs._source = files.source
            and costs._file_sha256 = files.file_sha256
    where costs.updated_at is null or costs.updated_at <= {{ as_of() }}
    group by costs._source, costs.cost_id

),

found as (

    select
        source,
        cost_id,
        sum(amount) as amount,
        count(distinct day) as days,
        max(day) as latest_day
    from {{ ref('shared_costs') }}
    group by source, cost_id

),

cost_days as (

    select
        source,
        cost_id,
        day,
        sum(shared_cost) as shared_cost,
        count(*) - count(shared_cost) as unknown
    from {{ ref('shared_costs') }}
    group by source, cost_id, day

),

unknown_costs as (

    select distinct
        source,
        cost_id
    from {{ ref('shared_costs') }}
    where amount is null

),

bearers as (
{% for grain, model in {'day': 'use_case_daily', 'week': 'use_case_weekly', 'month': 'use_case_monthly'}.items() %}
    select
        '{{ grain }}' as grain,
        {{ grain }} as period,
        use_case,
        shared_cost,
        uncosted_shared_costs
    from {{ ref(model) }}
    {{ 'union all' if not loop.last }}
{%- endfor %}
),

shared_periods as (
{% for grain in ['day', 'week', 'month'] %}
    select
        '{{ grain }}' as grain,
        {{ period_start('day', grain) }} as period,
        use_case,
        sum(shared_cost) as shared_cost,
        count(*) - count(shared_cost) as uncosted_shared_costs
    from {{ ref('shared_costs') }}
    group by 1, 2, 3
    {{ 'union all' if not loop.last }}
{%- endfor %}
)

select
    'a landed cost is not what its days add up to' as what,
    coalesce(landed.source, found.source) as source_or_grain,
    coalesce(landed.cost_id, found.cost_id) as cost_or_use_case
from landed
full outer join found
    on
        landed.source = found.source
        and landed.cost_id = found.cost_id
left join unknown_costs
    on
        coalesce(landed.source, found.source) = unknown_costs.source
        and coalesce(landed.cost_id, found.cost_id) = unknown_costs.cost_id
where
    unknown_costs.cost_id is null
    and (
        landed.cost_id is null
        or (found.cost_id is null and landed.first_day <= {{ day_of(as_of()) }})
        or found.days <> {{ days_between('landed.first_day', 'least(landed.last_day, ' ~ day_of(as_of()) ~ ')') }} + 1
        or (landed.last_day <= {{ day_of(as_of()) }} and found.amount <> landed.amount)
    )

union all

select
    'the parts of a day are not the day' as what,
    days.source as source_or_grain,
    days.cost_id as cost_or_use_case
from {{ ref('int_cost_days') }} as days
left join cost_days
    on
        days.source = cost_days.source
        and days.cost_id = cost_days.cost_id
        and days.day = cost_days.day
left join unknown_costs
    on
        days.source = unknown_costs.source
        and days.cost_id = unknown_costs.cost_id
where
    unknown_costs.cost_id is null
    and (
        cost_days.day is null
        or (days.reporting_amount is null) <> (cost_days.unknown > 0)
        or days.reporting_amount <> cost_days.shared_cost
    )

union all

select
    'a use case bears something else' as what,
    coalesce(bearers.grain, shared_periods.grain) as source_or_grain,
    coalesce(bearers.use_case, shared_periods.use_case) as cost_or_use_case
from bearers
full outer join shared_periods
    on
        bearers.grain = shared_periods.grain
        and bearers.period = shared_periods.period
        and bearers.use_case = shared_periods.use_case
where
    bearers.use_case is null
    or (shared_periods.use_case is null and bearers.shared_cost is distinct from 0)
    or (shared_periods.use_case is not null and bearers.shared_cost is distinct from shared_periods.shared_cost)
    or bearers.uncosted_shared_costs <> coalesce(shared_periods.uncosted_shared_costs, 0)
