-- The least SQL that gives a company's attempts with their cost, its outcomes with their state and its days, to the last
-- digit as the marts say them. What it leaves out is what the warehouse is for: other sources, unknown names, corrections
-- of rows, late rows, human cost, and everything that explains a figure.
-- Given: landed.attempts, landed.decisions, landed.tickets, and prices (model_prices.csv); variable as_of.

create table cards as
select
    provider,
    model,
    service_tier,
    valid_from,
    coalesce(valid_to, timestamp '9999-01-01') as valid_to,
    max(price_per_million) filter (token_kind = 'input') as input_price,
    max(price_per_million) filter (token_kind = 'cache_read') as cache_read_price,
    max(price_per_million) filter (token_kind = 'output') as output_price
from prices
group by all;

create table attempts as
select
    started_at::date as day,
    attempt_id,
    outcome_id,
    use_case,
    started_at,
    started_at + to_milliseconds(latency_ms) as ended_at,
    status,
    (input_tokens * input_price + cache_read_tokens * cache_read_price + output_tokens * output_price)::decimal(26, 6)
        * 0.000001::decimal(6, 6) as cost
from landed.attempts
inner join cards using (provider, model, service_tier)
where started_at >= valid_from and started_at < valid_to and started_at <= getvariable('as_of');

create table outcomes as
with worked as (
    select
        outcome_id,
        use_case,
        max(ended_at) as ended_at,
        sum(cost) as cost,
        max_by(status = 'success', ended_at) as has_succeeded
    from attempts
    group by outcome_id, use_case
),
decided as (
    select outcome_id, max_by(decision, decided_at) as decision, min(decided_at) as decided_at, max(use_case) as use_case
    from landed.decisions
    where decided_at <= getvariable('as_of')
    group by outcome_id
),
corrected as (
    select distinct outcome_id from landed.tickets where severity = 'critical' and opened_at <= getvariable('as_of')
)
select
    outcome_id,
    coalesce(worked.use_case, decided.use_case) as use_case,
    coalesce(ended_at, decided_at)::date as day,
    cost,
    case
        when decision in ('rejected', 'abandoned') then decision
        when corrected.outcome_id is not null then 'corrected'
        when decision = 'accepted' or has_succeeded then 'accepted'
        else 'open or abandoned'
    end as state
from worked
full join decided using (outcome_id)
left join corrected using (outcome_id);

create table use_case_daily as
select day, use_case, count(*) as outcomes, count(*) filter (state = 'accepted') as accepted_outcomes, sum(cost) as cost
from outcomes
group by all;
