{{ config(materialized='incremental', incremental_strategy='replace_days') }}

-- Guarantees one row per day, owner, use case, provider, model, tier and service tier, incurred basis: each cost on the
-- day it arose. Rework stands on the day the work was done, delay on the day the first breached clock was due; both
-- have no provider or model ("none"). Over all time the total equals the total of the use-case marts.
with human_work as (

    select
        worked_day as day,
        use_case,
        rework_cost,
        cast(0 as decimal(38, 12)) as delay_cost
    from {{ ref('int_ticket_links') }}
    where
        rework_cost <> 0
        {{ and_in_rebuild_days('worked_day') }}

    union all

    select
        first_breached_day as day,
        use_case,
        cast(0 as decimal(38, 12)) as rework_cost,
        delay_cost
    from {{ ref('int_outcome_delays') }}
    where
        delay_cost <> 0
        {{ and_in_rebuild_days('first_breached_day') }}

),

owned_human_work as (

    select
        human_work.day,
        coalesce(use_cases.owner, 'unowned') as owner,
        human_work.use_case,
        human_work.rework_cost,
        human_work.delay_cost
    from human_work
    left join {{ ref('stg_reference__use_cases') }} as use_cases
        on
            human_work.use_case = use_cases.use_case
            and {{ start_of_day('human_work.day') }} >= use_cases.valid_from
            and {{ start_of_day('human_work.day') }} < use_cases.valid_to

),

costs as (

    select
        day,
        owner,
        use_case,
        provider,
        model,
        tier,
        service_tier,
        attempts,
        input_tokens,
        cache_read_tokens,
        cache_write_tokens,
        output_tokens,
        unpriced_attempts,
        inference_cost,
        cast(0 as decimal(38, 12)) as rework_cost,
        cast(0 as decimal(38, 12)) as delay_cost
    from {{ ref('int_spend_days') }}
    where true {{ and_in_rebuild_days('day') }}

    union all

    select
        day,
        owner,
        use_case,
        'none' as provider,
        'none' as model,
        'none' as tier,
        'none' as service_tier,
        0 as attempts,
        0 as input_tokens,
        0 as cache_read_tokens,
        0 as cache_write_tokens,
        0 as output_tokens,
        0 as unpriced_attempts,
        cast(0 as decimal(38, 12)) as inference_cost,
        rework_cost,
        delay_cost
    from owned_human_work

)

select
    day,
    owner,
    use_case,
    provider,
    model,
    tier,
    service_tier,
    cast(sum(attempts) as bigint) as attempts,
    cast(sum(input_tokens) as bigint) as input_tokens,
    cast(sum(cache_read_tokens) as bigint) as cache_read_tokens,
    cast(sum(cache_write_tokens) as bigint) as cache_write_tokens,
    cast(sum(output_tokens) as bigint) as output_tokens,
    cast(sum(unpriced_attempts) as bigint) as unpriced_attempts,
    cast(sum(inference_cost) as decimal(38, 12)) as inference_cost,
    cast(sum(rework_cost) as decimal(38, 12)) as rework_cost,
    cast(sum(delay_cost) as decimal(38, 12)) as delay_cost,
    cast(sum(inference_cost + rework_cost + delay_cost) as decimal(38, 12)) as total_cost
from costs
group by
    day,
    owner,
    use_case,
    provider,
    model,
    tier,
    service_tier
