-- Guarantees one row per day and deployment with capacity, up to the day of the run: what it cost that day, whatever it
-- served, and how many tokens it could have served. A day counts whole as soon as it has begun.
with capacity as (

    select
        deployment,
        provider,
        model,
        kind,
        units,
        hourly_rate,
        currency,
        tokens_per_hour,
        valid_from,
        valid_to
    from {{ ref('stg_reference__capacity') }}
    where valid_from <= {{ as_of() }}

),

capacity_days as (

    select
        capacity.deployment,
        capacity.provider,
        capacity.model,
        capacity.kind,
        capacity.units,
        capacity.hourly_rate,
        capacity.currency,
        capacity.tokens_per_hour,
        days.day,
        {{ microseconds_between(
            'greatest(capacity.valid_from, ' ~ start_of_day('days.day') ~ ')',
            'least(capacity.valid_to, ' ~ start_of_day(add_days('days.day', 1)) ~ ')'
        ) }} as microseconds
    from capacity
    cross join {{ days_from_to(
        day_of('capacity.valid_from'),
        'least(' ~ day_of('capacity.valid_to') ~ ', ' ~ day_of(as_of()) ~ ')',
        'days'
    ) }}

),

-- Capacity may change within a day; each part is costed by itself.
costed_parts as (

    select
        capacity_days.day,
        capacity_days.deployment,
        capacity_days.provider,
        capacity_days.model,
        capacity_days.kind,
        capacity_days.microseconds,
        {{ exact_quotient(
            [
                ['capacity_days.microseconds', 0], ['capacity_days.units', 3], ['capacity_days.hourly_rate', 6],
                ['fx_rates.rate', 9]
            ], 3600000000
        ) }} as capacity_cost,
        capacity_days.microseconds / 3600000000.0e0 * capacity_days.units * capacity_days.tokens_per_hour
            as capacity_tokens
    from capacity_days
    left join {{ ref('int_fx_rates') }} as fx_rates
        on
            capacity_days.currency = fx_rates.currency
            and capacity_days.day >= fx_rates.valid_from
            and capacity_days.day < fx_rates.valid_to
    where capacity_days.microseconds > 0

)

select
    day,
    deployment,
    max_by(provider, microseconds) as provider,
    max_by(model, microseconds) as model,
    max_by(kind, microseconds) as kind,
    sum(microseconds) / 3600000000.0e0 as hours,
    -- One part whose rate or limit is unknown leaves the whole day's unknown.
    cast(case when count(capacity_cost) = count(*) then sum(capacity_cost) end as decimal(38, 12)) as capacity_cost,
    cast(case when count(capacity_tokens) = count(*) then round(sum(capacity_tokens)) end as bigint) as capacity_tokens
from costed_parts
group by
    day,
    deployment
