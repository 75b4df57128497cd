{{ config(materialized='incremental', incremental_strategy='replace_days') }}

-- Guarantees one row per day and deployment whose capacity served any attempt: how many, their tokens and their cost.
select
    day,
    deployment,
    count(*) as attempts,
    cast(sum(tokens) as bigint) as tokens,
    cast(case when count(capacity_cost) = count(*) then sum(capacity_cost) end as decimal(38, 12)) as used_cost
from {{ ref('int_capacity_attempts') }}
where true {{ and_in_rebuild_days('day') }}
group by
    day,
    deployment
