-- Catches an attempt that the waterfall loses, doubles or splits into more or less than its cost, parts of a cost by kind
-- of token that are not the cost, and drivers that do not start from the whole cost.
select
    'split' as fault,
    attempts.source,
    attempts.attempt_id
from {{ ref('attempts') }} as attempts
left join {{ ref('int_attempt_leaks') }} as split
    on
        attempts.day = split.day
        and attempts.source = split.source
        and attempts.attempt_id = split.attempt_id
left join {{ ref('int_attempt_parts') }} as parts
    on
        attempts.day = parts.day
        and attempts.source = parts.source
        and attempts.attempt_id = parts.attempt_id
where
    split.attempt_id is null
    or parts.attempt_id is null
    or attempts.cost is distinct from split.productive_cost
    {%- for leak in leaks() %} + split.{{ leak }}_cost{% endfor %}
    or coalesce(attempts.cost, 0) <> parts.input_cost + parts.cache_read_cost + parts.cache_write_cost
    + parts.cache_write_1h_cost + parts.output_cost + parts.other_cost

union all

select
    'count' as fault,
    cast(null as varchar) as source,
    cast(null as varchar) as attempt_id
from (select count(*) as attempts from {{ ref('attempts') }}) as attempts
cross join (select count(*) as attempts from {{ ref('int_attempt_leaks') }}) as split
cross join (select count(*) as attempts from {{ ref('int_attempt_parts') }}) as parts
where attempts.attempts <> split.attempts or attempts.attempts <> parts.attempts

union all

select
    'drivers' as fault,
    days.use_case as source,
    cast(days.day as varchar) as attempt_id
from {{ ref('int_use_case_days') }} as days
left join (
    select
        day,
        use_case,
        sum(attempts) as attempts,
        sum(input_cost + cache_read_cost + cache_write_cost + cache_write_1h_cost + output_cost + other_cost) as cost
    from {{ ref('int_driver_days') }}
    group by day, use_case
) as drivers
    on
        days.day = drivers.day
        and days.use_case = drivers.use_case
where
    days.inference_cost <> coalesce(drivers.cost, 0)
    or days.attempts <> coalesce(drivers.attempts, 0)
