-- Guarantees one row per use case and age in days from 0 to the end of its acceptance window: which part of a cohort's
-- rework cost and corrections has usually arrived by the end of that age, and by how much they still grow.
with ages as (

    select
        use_case,
        age,
        max(window_days) as window_days,
        cast(sum(case when age < cohort_age then 1 else 0 end) as bigint) as cohorts,
        cast(coalesce(sum(case when age < cohort_age then outcomes end), 0) as bigint) as outcomes,
        cast(coalesce(sum(case when age < cohort_age then rework_cost end), 0) as decimal(38, 12)) as rework_cost,
        cast(coalesce(sum(case when age < cohort_age then corrections end), 0) as bigint) as corrections
    from {{ ref('int_arrival_triangle') }}
    group by use_case, age

)

select
    ages.use_case,
    cast(ages.age as integer) as age_days,
    cast(ages.window_days as integer) as window_days,
    ages.cohorts,
    ages.outcomes,
    ages.rework_cost,
    ages.corrections,
    coalesce(factors.rework_factor, 1) as rework_factor,
    round(1 / coalesce(factors.rework_factor, 1), 9) as rework_arrived_share,
    round(coalesce(factors.rework_factor, 1)
    * exp(-{{ z_two_sided() }} * sqrt(coalesce(factors.rework_factor_variance, 0))), 9) as rework_factor_lower,
    round(coalesce(factors.rework_factor, 1)
    * exp({{ z_two_sided() }} * sqrt(coalesce(factors.rework_factor_variance, 0))), 9) as rework_factor_upper,
    coalesce(factors.correction_factor, 1) as correction_factor,
    round(1 / coalesce(factors.correction_factor, 1), 9) as corrections_arrived_share,
    round(coalesce(factors.correction_factor, 1)
    * exp(-{{ z_two_sided() }} * sqrt(coalesce(factors.correction_factor_variance, 0))), 9) as correction_factor_lower,
    round(coalesce(factors.correction_factor, 1)
    * exp({{ z_two_sided() }} * sqrt(coalesce(factors.correction_factor_variance, 0))), 9) as correction_factor_upper
from ages
left join {{ ref('int_development_factors') }} as factors
    on
        ages.use_case = factors.use_case
        and ages.age = factors.age
