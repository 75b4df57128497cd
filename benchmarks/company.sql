-- Work of a company from `first_day` on: `outcomes`, `attempts`, `decisions`, `tickets` and `clocks`, each row with the
-- instant `known_at` at which its log line is written. The same settings give the same rows.
-- Settings: outcomes, days, first_day, salt (keeps ids and chances of two companies apart).

-- A uniform number of [0, 1) for a row and a purpose, and a bell around 0.
create or replace macro chance(row_number, purpose) as
    (hash(row_number, purpose, getvariable('salt')) % 1000000007) / 1000000007.0;
create or replace macro bell(row_number, purpose) as
    chance(row_number, purpose) + chance(row_number, purpose || '2') + chance(row_number, purpose || '3') - 1.5;
create or replace macro id(prefix, row_number) as prefix || md5(row_number || '-' || getvariable('salt'))[1:18];

-- A few use cases have most of the work.
create or replace table outcomes as
select
    range as number,
    id('o-', range) as outcome_id,
    'use_case_' || lpad(floor(50 * pow(chance(range, 'use case'), 2))::int::varchar, 2, '0') as use_case,
    getvariable('first_day')::timestamp
        + to_milliseconds(floor(chance(range, 'start') * getvariable('days') * 86_400_000)::bigint) as begun_at
from range(getvariable('outcomes'));

-- One to six requests an outcome; one in sixteen fails and is tried again with the same prompt.
create or replace table requests as
select
    outcomes.number * 8 + ask as number,
    outcomes.outcome_id,
    outcomes.use_case,
    floor(12 * pow(chance(outcomes.number * 8 + ask, 'model'), 1.5))::int as model_number,
    outcomes.begun_at + to_milliseconds(floor(chance(outcomes.number * 8 + ask, 'delay') * 3_600_000)::bigint) as at,
    (250 + exp(6.5 + bell(outcomes.number * 8 + ask, 'latency')))::bigint as latency_ms,
    (20 + exp(7 + 2 * bell(outcomes.number * 8 + ask, 'input')))::bigint as input_tokens,
    (1 + exp(5 + 2 * bell(outcomes.number * 8 + ask, 'output')))::bigint as output_tokens,
    chance(outcomes.number * 8 + ask, 'retry') < 0.0625 as is_retried
from outcomes, range(6) as asks (ask)
where ask <= 6 * pow(chance(outcomes.number, 'requests'), 1.5);

create or replace table attempts as
select
    id('a-', requests.number * 2 + try) as attempt_id,
    requests.outcome_id,
    requests.use_case,
    if(model_number < 8, 'harbour', 'meridian') as provider,
    'model-' || model_number as model,
    if(chance(requests.number, 'tier') < 0.05, 'flex', 'standard') as service_tier,
    requests.at + to_milliseconds(try * (latency_ms + 4_000)) as started_at,
    latency_ms,
    case when is_retried and try = 0 then if(number % 3 = 0, 'timeout', 'error') else 'success' end as status,
    input_tokens,
    if(number % 3 = 0, input_tokens // 2, 0) as cache_read_tokens,
    output_tokens,
    -- One prompt in ten is sent again and again.
    if(chance(number, 'prompt') < 0.1, id('p-', number % 200), id('q-', number)) as prompt_hash,
    case when number % 3 = 1 then round(input_tokens * 2e-6 + output_tokens * 1e-5, 6)::decimal(12, 6) end as cost,
    'repository-' || number % 9 as repository,
    started_at as known_at
from requests, range(2) as tries (try)
where try = 0 or is_retried;

create or replace table decisions as
select
    outcome_id,
    use_case,
    case when chance(number, 'decision') < 0.6 then 'accepted'
        when chance(number, 'decision') < 0.67 then 'rejected' else 'abandoned' end as decision,
    begun_at + to_milliseconds(floor((1 + 72 * pow(chance(number, 'decided'), 2)) * 3_600_000)::bigint) as decided_at,
    'lead' as decided_by_role,
    decided_at as known_at
from outcomes
where chance(number, 'decision') < 0.7;

-- Every third ticket is known while it is open as well.
create or replace table tickets as
select
    id('t-', number) as ticket_id,
    outcome_id,
    use_case,
    begun_at + to_milliseconds(floor(chance(number, 'ticket') * 5 * 86_400_000)::bigint) as opened_at,
    5 + floor(180 * chance(number, 'minutes'))::bigint as minutes,
    if(state = 'closed', opened_at + to_minutes(minutes), null) as closed_at,
    coalesce(closed_at, opened_at) as updated_at,
    ['critical', 'major', 'minor'][1 + number % 3] as severity,
    ['correction', 'full_review', 'spot_check'][1 + number // 3 % 3] as kind,
    ['quality', 'input', 'policy', 'timeout', 'other'][1 + number % 5] as cause,
    if(state = 'closed', minutes, null) as handling_minutes,
    ['engineer', 'agent', 'assistant', 'clerk'][1 + number % 4] as role,
    state as status,
    updated_at as known_at
from outcomes, (values ('open'), ('closed')) as states (state)
where chance(number, 'corrected') < 0.05 and (state = 'closed' or number % 3 = 0);

create or replace table clocks as
select
    id('c-', number) as event_id,
    outcome_id,
    use_case,
    if(number % 2 = 0, 'response', 'resolution') as metric,
    begun_at as started_at,
    begun_at + to_minutes(15 + floor(120 * chance(number, 'due'))::bigint) as due_at,
    begun_at + to_milliseconds(60_000 + floor(1_000 * exp(8 + bell(number, 'stopped')))::bigint) as stopped_at,
    stopped_at as updated_at,
    'stopped' as status,
    stopped_at as known_at
from outcomes
where chance(number, 'clock') < 0.1;
