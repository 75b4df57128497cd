{{ config(materialized='incremental', incremental_strategy='replace_days') }}

{%- set evidence = {
    'response_id': ['provider_request_id'],
    'same_call': ['provider', 'model', 'input_tokens', 'output_tokens']
} %}
{%- set columns = [
    'day', 'source', 'attempt_id', 'provider', 'model', 'provider_request_id', 'input_tokens', 'output_tokens', 'started_at',
    'cost'
] %}
{%- set pair_columns = [
    'day', 'source', 'attempt_id', 'other_source', 'other_attempt_id', 'provider', 'model', 'evidence',
    'microseconds_apart', 'cost', 'other_cost'
] %}

-- Guarantees one row per day and pair of attempts of two sources that are, or may be, one call that two tools logged: with
-- the provider's id of the response, or of one provider and model with equal tokens, started within a second of each other.
-- Nothing is taken away: both attempts count, and what counts twice if they are one call is said.
with reaching_attempts as (

    select
        {{ columns | join(',\n        ') }}
    from {{ ref('attempts') }}
    where
        reached_model
        {{ and_in_rebuild_days('day') }}

),

{%- for name, key in evidence.items() %}

{{ name }}_keys as (

    select
        day,
        {{ key | join(',\n        ') }}
    from reaching_attempts
    where {{ 'provider_request_id is not null' if name == 'response_id' else 'input_tokens + output_tokens > 0' }}
    group by
        day,
        {{ key | join(',\n        ') }}
    having count(distinct source) > 1

),

{{ name }}_attempts as (

    select {{ columns_of('attempts', columns) }}
    from reaching_attempts as attempts
    inner join {{ name }}_keys as keys on {{ same('attempts', 'keys', ['day'] + key) }}

),

{{ name }}_pairs as (

    select
        first_attempts.day,
        first_attempts.source,
        first_attempts.attempt_id,
        second_attempts.source as other_source,
        second_attempts.attempt_id as other_attempt_id,
        first_attempts.provider,
        first_attempts.model,
        '{{ name }}' as evidence,
        abs({{ microseconds_between('first_attempts.started_at', 'second_attempts.started_at') }}) as microseconds_apart,
        first_attempts.cost,
        second_attempts.cost as other_cost
    from {{ name }}_attempts as first_attempts
    inner join {{ name }}_attempts as second_attempts
        on
            {{ same('first_attempts', 'second_attempts', ['day'] + key) }}
            and first_attempts.source < second_attempts.source
    {%- if name == 'same_call' %}
    where
        abs({{ microseconds_between('first_attempts.started_at', 'second_attempts.started_at') }}) <= 1000000
        -- Two ids of the provider are two calls.
        and coalesce(first_attempts.provider_request_id, second_attempts.provider_request_id, '')
        = coalesce(second_attempts.provider_request_id, first_attempts.provider_request_id, '')
    {%- endif %}

),
{%- endfor %}

pairs as (

    select {{ pair_columns | join(', ') }}
    from response_id_pairs
    union all
    select {{ columns_of('same_call_pairs', pair_columns) }}
    from same_call_pairs
    left join response_id_pairs as known_pairs
        on {{ same('same_call_pairs', 'known_pairs', [
            'day', 'source', 'attempt_id', 'other_source', 'other_attempt_id'
        ]) }}
    where known_pairs.attempt_id is null

)

select
    day,
    source,
    attempt_id,
    other_source,
    other_attempt_id,
    provider,
    model,
    evidence,
    microseconds_apart,
    cost,
    other_cost,
    case when cost < other_cost then cost when other_cost is not null and cost is not null then other_cost end as doubled_cost
from pairs
