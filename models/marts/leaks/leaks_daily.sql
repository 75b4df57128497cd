{{ config(
    materialized='incremental', incremental_strategy='replace_days', rebuild_days_model='int_leak_cohort_days'
) }}

-- Guarantees one row per day and use case with anything on it, on the same day rule as `use_case_daily`: the inference
-- cost split into five leaks and what was productive, exactly; beside it the gross amounts, and the rework and delay
-- that go with each leak, which are no part of that sum.
with attempt_days as (

    select
        cohort_day as day,
        use_case,
        count(*) as attempts,
        sum(case when cost is null then 1 else 0 end) as unpriced_attempts,
        sum(case when is_unvalued then 1 else 0 end) as unvalued_attempts,
        sum(cost) as inference_cost,
        {%- for leak in leaks() %}
        sum({{ leak }}_cost) as {{ leak }}_cost,
        sum({{ leak }}_gross_cost) as {{ leak }}_gross_cost,
        sum(case when {{ leak }}_cost > 0 then 1 else 0 end) as {{ leak }}_attempts,
        {%- endfor %}
        sum(productive_cost) as productive_cost
    from {{ ref('int_attempt_leaks') }}
    where true {{ and_in_days_of('int_leak_cohort_days', 'cohort_day') }}
    group by cohort_day, use_case

),

consequence_days as (

    select
        day,
        use_case,
        {%- for leak in leaks() %}
        sum({{ leak }}_rework_cost) as {{ leak }}_rework_cost,
        sum({{ leak }}_delay_cost) as {{ leak }}_delay_cost{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('int_leak_consequences') }}
    where true {{ and_in_days_of('int_leak_cohort_days', 'day') }}
    group by day, use_case

)

select
    days.day,
    days.use_case,
    coalesce(use_cases.owner, 'unowned') as owner,
    cast(coalesce(attempt_days.attempts, 0) as bigint) as attempts,
    cast(coalesce(attempt_days.unpriced_attempts, 0) as bigint) as unpriced_attempts,
    cast(coalesce(attempt_days.unvalued_attempts, 0) as bigint) as unvalued_attempts,
    cast(coalesce(attempt_days.inference_cost, 0) as decimal(38, 12)) as inference_cost,
    {%- for leak in leaks() %}
    cast(coalesce(attempt_days.{{ leak }}_cost, 0) as decimal(38, 12)) as {{ leak }}_cost,
    {%- endfor %}
    cast(coalesce(attempt_days.productive_cost, 0) as decimal(38, 12)) as productive_cost,
    {%- for leak in leaks() %}
    cast(coalesce(attempt_days.{{ leak }}_gross_cost, 0) as decimal(38, 12)) as {{ leak }}_gross_cost,
    {%- endfor %}
    {%- for leak in leaks() %}
    cast(coalesce(attempt_days.{{ leak }}_attempts, 0) as bigint) as {{ leak }}_attempts,
    {%- endfor %}
    {%- for leak in leaks() %}
    cast(coalesce(consequence_days.{{ leak }}_rework_cost, 0) as decimal(38, 12)) as {{ leak }}_rework_cost,
    {%- endfor %}
    cast(
        days.rework_cost
        {%- for leak in leaks() %}
        - coalesce(consequence_days.{{ leak }}_rework_cost, 0)
        {%- endfor %} as decimal(38, 12)
    ) as rework_cost_without_leak,
    {%- for leak in leaks() %}
    cast(coalesce(consequence_days.{{ leak }}_delay_cost, 0) as decimal(38, 12)) as {{ leak }}_delay_cost,
    {%- endfor %}
    cast(
        days.delay_cost
        {%- for leak in leaks() %}
        - coalesce(consequence_days.{{ leak }}_delay_cost, 0)
        {%- endfor %} as decimal(38, 12)
    ) as delay_cost_without_leak
from {{ ref('int_use_case_days') }} as days
left join attempt_days
    on
        days.day = attempt_days.day
        and days.use_case = attempt_days.use_case
left join consequence_days
    on
        days.day = consequence_days.day
        and days.use_case = consequence_days.use_case
left join {{ ref('stg_reference__use_cases') }} as use_cases
    on
        days.use_case = use_cases.use_case
        and {{ start_of_day('days.day') }} >= use_cases.valid_from
        and {{ start_of_day('days.day') }} < use_cases.valid_to
where true {{ and_in_days_of('int_leak_cohort_days', 'days.day') }}
