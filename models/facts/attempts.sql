{{ config(materialized='incremental', incremental_strategy='replace_days') }}

{%- set carried = [
    'day', 'source', 'attempt_id', 'request_id', 'request_rule', 'outcome_id', 'use_case', 'logged_use_case',
    'owner', 'criticality', 'task_class', 'experiment', 'release_id', 'provider', 'logged_provider', 'model',
    'logged_model', 'model_alias', 'service_tier', 'region', 'deployment', 'status', 'started_at', 'ended_at',
    'finished_at', 'cache_hit', 'reached_model', 'input_valid', 'can_wait', 'hidden_retries', 'usage_reported',
    'usage_disagrees', 'usage_not_understood', 'provider_request_id', 'input_tokens', 'cache_read_tokens',
    'cache_write_tokens', 'cache_write_1h_tokens', 'output_tokens', 'reasoning_tokens', 'unit_input_tokens',
    'unit_output_tokens', 'context_tokens', 'price_tier', 'price_multiplier', 'unit_cost', 'unit_list_cost',
    'guardrail_cost', 'lacking_meter', 'has_units'
] %}

-- Guarantees one row per attempt, on the day it started: where it belongs, what it used, what it cost and why.
-- No attempt is dropped on the way: an unknown use case, owner, model or price is shown as such.
with units as (

    select
        day,
        source,
        attempt_id,
        -- One unit without a price leaves the cost of all unknown.
        {{ attempt_money('case when count(cost) = count(*) then sum(cost) end') }} as cost,
        {{ attempt_money('case when count(list_cost) = count(*) then sum(list_cost) end') }} as list_cost,
        {{ attempt_money(
            "case when count(case when meter = 'guardrail' and cost is null then 1 end) = 0"
            ~ " then coalesce(sum(case when meter = 'guardrail' then cost end), 0) end"
        ) }} as guardrail_cost,
        min(case when cost is null then meter end) as lacking_meter
    from {{ ref('int_unit_charges') }}
    where
        is_published
        {{ and_in_rebuild_days('day') }}
    group by
        day,
        source,
        attempt_id

),

logged_attempts as (

    select
        attempts.day,
        attempts.source,
        attempts.attempt_id,
        coalesce(attempts.logged_request_id, requests.request_id, attempts.attempt_id) as request_id,
        case
            when attempts.logged_request_id is not null then 'request_id'
            when requests.request_rule is not null then requests.request_rule
            when attempts.hidden_retries > 0 then 'retry_counter'
            else 'single'
        end as request_rule,
        attempts.outcome_id,
        {{ resolved_use_case('attempts.logged_use_case', 'mapped.use_case', 'of_outcome.use_case') }} as named_use_case,
        attempts.logged_task_class,
        coalesce(provider_aliases.provider, attempts.logged_provider) as provider,
        attempts.logged_provider,
        attempts.logged_model,
        attempts.service_tier,
        attempts.region,
        attempts.deployment,
        attempts.started_at,
        attempts.ended_at,
        attempts.status,
        attempts.input_tokens,
        attempts.cache_read_tokens,
        attempts.cache_write_tokens,
        attempts.cache_write_1h_tokens,
        attempts.output_tokens,
        attempts.reasoning_tokens,
        attempts.unit_input_tokens,
        attempts.unit_output_tokens,
        -- A log that tells what the output is made of says so also where it is text only.
        coalesce(attempts.units like '%_output"%', false) as states_output_parts,
        units.attempt_id is not null as has_units,
        case when units.attempt_id is null then cast(0 as decimal(18, 12)) else units.cost end as unit_cost,
        case when units.attempt_id is null then cast(0 as decimal(18, 12)) else units.list_cost end as unit_list_cost,
        case when units.attempt_id is null then cast(0 as decimal(18, 12)) else units.guardrail_cost end as guardrail_cost,
        units.lacking_meter,
        coalesce(modifiers.price_list, attempts.service_tier) as price_tier,
        cast(coalesce(modifiers.multiplier, 1) as decimal(9, 6)) as price_multiplier,
        {{ joined_names(['attempts.usage_not_understood', 'modifiers.unknown_attributes']) }} as usage_not_understood,
        attempts.provider_request_id,
        attempts.usage_reported,
        attempts.usage_disagrees,
        attempts.cache_hit,
        attempts.input_valid,
        attempts.can_wait,
        attempts.experiment,
        attempts.release_id,
        attempts.logged_cost,
        coalesce(attempts.logged_currency, '{{ var("reporting_currency") }}') as logged_currency,
        attempts.hidden_retries,
        attempts.file_sha256,
        attempts.file_row_no
    from {{ ref('int_attempts') }} as attempts
    left join {{ ref('int_attempt_requests') }} as requests
        on
            attempts.day = requests.day
            and attempts.source = requests.source
            and attempts.attempt_id = requests.attempt_id
    left join {{ ref('int_mapped_use_cases') }} as mapped
        on
            attempts.day = mapped.day
            and attempts.source = mapped.source
            and attempts.attempt_id = mapped.attempt_id
    left join units
        on
            attempts.day = units.day
            and attempts.source = units.source
            and attempts.attempt_id = units.attempt_id
    left join {{ ref('int_attempt_modifiers') }} as modifiers
        on
            attempts.day = modifiers.day
            and attempts.source = modifiers.source
            and attempts.attempt_id = modifiers.attempt_id
    left join {{ ref('int_outcome_use_cases') }} as of_outcome on attempts.outcome_id = of_outcome.outcome_id
    left join {{ ref('stg_reference__provider_aliases') }} as provider_aliases
        on attempts.logged_provider = provider_aliases.alias
    where true {{ and_in_rebuild_days('attempts.day') }}

),

placed_attempts as (

    select
        logged_attempts.day,
        logged_attempts.source,
        logged_attempts.attempt_id,
        logged_attempts.request_id,
        logged_attempts.request_rule,
        logged_attempts.outcome_id,
        coalesce(declared.use_case, 'unallocated') as use_case,
        logged_attempts.named_use_case as logged_use_case,
        coalesce(experiments.owner, use_cases.owner, 'unowned') as owner,
        use_cases.criticality,
        coalesce(logged_attempts.logged_task_class, use_cases.task_class) as task_class,
        logged_attempts.experiment,
        logged_attempts.release_id,
        logged_attempts.provider,
        logged_attempts.logged_provider,
        coalesce(model_names.model, logged_attempts.logged_model) as model,
        logged_attempts.logged_model,
        case
            when model_names.model <> logged_attempts.logged_model
                then coalesce(model_names.alias, logged_attempts.logged_model)
        end as model_alias,
        model_names.declared_tier,
        coalesce(model_names.is_in_book, false) as is_in_book,
        {{ price_region('logged_attempts.region', 'model_names.priced_regions') }} as price_region,
        logged_attempts.service_tier,
        logged_attempts.region,
        logged_attempts.deployment,
        logged_attempts.status,
        logged_attempts.started_at,
        {{ minute_of_week('logged_attempts.started_at') }} as minute_of_week,
        logged_attempts.ended_at,
        {{ finished_at('logged_attempts.ended_at', 'logged_attempts.started_at') }} as finished_at,
        logged_attempts.cache_hit,
        {{ reached_model('logged_attempts.status', 'logged_attempts.cache_hit') }} as reached_model,
        logged_attempts.input_valid,
        logged_attempts.can_wait,
        logged_attempts.hidden_retries,
        logged_attempts.usage_reported,
        logged_attempts.usage_disagrees,
        logged_attempts.input_tokens,
        logged_attempts.cache_read_tokens,
        logged_attempts.cache_write_tokens,
        logged_attempts.cache_write_1h_tokens,
        logged_attempts.output_tokens,
        logged_attempts.reasoning_tokens,
        logged_attempts.unit_input_tokens,
        logged_attempts.unit_output_tokens,
        logged_attempts.states_output_parts,
        logged_attempts.has_units,
        logged_attempts.unit_cost,
        logged_attempts.unit_list_cost,
        logged_attempts.guardrail_cost,
        logged_attempts.lacking_meter,
        logged_attempts.price_tier,
        logged_attempts.price_multiplier,
        logged_attempts.usage_not_understood,
        logged_attempts.provider_request_id,
        {{ context_tokens('logged_attempts') }} as context_tokens,
        {{ priced_input_tokens('logged_attempts') }} as priced_input_tokens,
        logged_attempts.logged_cost,
        logged_attempts.logged_currency,
        logged_attempts.file_sha256,
        logged_attempts.file_row_no
    from logged_attempts
    left join {{ ref('int_declared_use_cases') }} as declared on logged_attempts.named_use_case = declared.use_case
    left join {{ ref('stg_reference__use_cases') }} as use_cases
        on
            logged_attempts.named_use_case = use_cases.use_case
            and logged_attempts.started_at >= use_cases.valid_from
            and logged_attempts.started_at < use_cases.valid_to
    left join {{ ref('stg_reference__experiments') }} as experiments
        on
            logged_attempts.experiment = experiments.experiment
            and logged_attempts.started_at >= experiments.valid_from
            and logged_attempts.started_at < experiments.valid_to
    left join {{ ref('int_model_names') }} as model_names
        on
            logged_attempts.provider = model_names.provider
            and {{ model_name_key('logged_attempts.logged_model') }} = model_names.name_key

),

published_rate_cards as (

    select
        price_version_id,
        provider,
        model,
        region,
        service_tier,
        valid_from,
        valid_to,
        from_minute,
        to_minute,
        above_tokens,
        up_to_tokens,
        currency,
        currencies,
        {%- for kind in billed_units('attempts') %}
        {{ kind }}_price,
        {%- endfor %}
        has_output_parts,
        is_free,
        list_currency,
        list_prices
    from {{ ref('int_rate_cards') }}
    where is_published

),

rated_attempts as (

    select
        {%- for column in carried %}
        placed_attempts.{{ column }},
        {%- endfor %}
        rate_cards.price_version_id,
        rate_cards.provider is not null as has_rate_card,
        rate_cards.is_free,
        rate_cards.currencies = 1 and price_fx.rate is not null as is_convertible,
        -- Rounded once, after currency.
        {{ in_reporting_currency(
            multiplied(cost_by_card('placed_attempts', 'rate_cards'), 'placed_attempts.price_multiplier'), 'price_fx.rate'
        ) }} as text_cost,
        rate_cards.list_prices is not null as has_list_prices,
        case
            when rate_cards.list_prices is not null
                then {{ in_reporting_currency(
                    multiplied(list_cost_by_card('placed_attempts', 'rate_cards'), 'placed_attempts.price_multiplier'),
                    'list_fx.rate'
                ) }}
        end as listed_cost,
        coalesce(rate_cards.has_output_parts, false) and placed_attempts.output_tokens > placed_attempts.reasoning_tokens
        and not placed_attempts.states_output_parts as lacks_output_parts,
        not placed_attempts.has_units and coalesce(rate_cards.request_price, 0) = 0
        and placed_attempts.context_tokens + placed_attempts.output_tokens = 0 as uses_nothing,
        capacity.attempt_id is not null as is_on_capacity,
        capacity.capacity_cost as hours_cost,
        {{ attempt_money(converted('placed_attempts.logged_cost', 'logged_fx.rate')) }} as logged_cost,
        placed_attempts.logged_currency,
        placed_attempts.file_sha256,
        placed_attempts.file_row_no,
        placed_attempts.declared_tier,
        placed_attempts.is_in_book
    from placed_attempts
    left join published_rate_cards as rate_cards
        on {{ card_prices_attempt('rate_cards', 'placed_attempts') }}
    left join {{ ref('int_fx_rates') }} as price_fx
        on
            rate_cards.currency = price_fx.currency
            and placed_attempts.day >= price_fx.valid_from
            and placed_attempts.day < price_fx.valid_to
    left join {{ ref('int_fx_rates') }} as list_fx
        on
            rate_cards.list_currency = list_fx.currency
            and placed_attempts.day >= list_fx.valid_from
            and placed_attempts.day < list_fx.valid_to
    left join {{ ref('int_fx_rates') }} as logged_fx
        on
            placed_attempts.logged_currency = logged_fx.currency
            and placed_attempts.day >= logged_fx.valid_from
            and placed_attempts.day < logged_fx.valid_to
    left join {{ ref('int_capacity_attempts') }} as capacity
        on
            placed_attempts.deployment = capacity.deployment
            and placed_attempts.day = capacity.day
            and placed_attempts.source = capacity.source
            and placed_attempts.attempt_id = capacity.attempt_id

),

costed_attempts as (

    select
        {%- for column in carried %}
        {{ column }},
        {%- endfor %}
        case when is_convertible and usage_reported then price_version_id end as price_version_id,
        logged_cost,
        logged_currency,
        file_sha256,
        file_row_no,
        declared_tier,
        is_in_book,
        is_free,
        is_on_capacity,
        -- Units that hours do not pay for are billed besides.
        {{ attempt_money('case when usage_reported then hours_cost + unit_cost end') }} as capacity_cost,
        -- What is not billed by anything that the log reports has no price of ours.
        case
            when lacks_output_parts then 'output_parts_not_reported'
            when uses_nothing and not coalesce(is_free, false) and (status = 'success' or logged_cost > 0)
                then 'nothing_to_price'
        end as not_reported_reason,
        {{ attempt_money('case when is_convertible and usage_reported then text_cost + unit_cost end') }} as whole_book_cost,
        {{ attempt_money(
            'case when is_convertible and usage_reported'
            ~ ' then case when has_list_prices then listed_cost else text_cost end + unit_list_cost end'
        ) }} as list_cost,
        text_cost,
        hours_cost,
        is_convertible,
        has_rate_card
    from rated_attempts

),

reasoned_attempts as (

    select
        {%- for column in carried %}
        {{ column }},
        {%- endfor %}
        price_version_id,
        {{ believed_cost() }} as believed_cost,
        logged_cost,
        logged_currency,
        file_sha256,
        file_row_no,
        declared_tier,
        is_in_book,
        is_free,
        is_on_capacity,
        capacity_cost,
        list_cost,
        case when not_reported_reason is null then whole_book_cost end as book_cost,
        case
            when cache_hit then 'no_price_for_' || lacking_meter
            when not usage_reported then 'usage_not_reported'
            when is_on_capacity and hours_cost is null then 'no_fx'
            when not is_on_capacity and not is_in_book then 'unknown_model'
            when not is_on_capacity and not has_rate_card then 'no_price_for_tier_or_time'
            when not is_on_capacity and not is_convertible then 'no_fx'
            when lacking_meter is not null then 'no_price_for_' || lacking_meter
            when is_on_capacity then case when capacity_cost is null then 'cost_out_of_range' end
            when text_cost is null then 'no_price_for_token_kind'
            when not_reported_reason is not null then not_reported_reason
            when whole_book_cost is null then 'cost_out_of_range'
        end as unpriced_reason
    from costed_attempts

)

select
    day,
    source,
    attempt_id,
    request_id,
    request_rule,
    outcome_id,
    use_case,
    logged_use_case,
    owner,
    criticality,
    task_class,
    experiment,
    release_id,
    provider,
    logged_provider,
    model,
    logged_model,
    model_alias,
    case
        when declared_tier is not null then declared_tier
        when is_in_book then 'balanced'
        else 'unknown'
    end as tier,
    declared_tier is not null as is_tier_declared,
    service_tier,
    region,
    deployment,
    status,
    started_at,
    ended_at,
    {{ day_of('finished_at') }} as finished_day,
    cache_hit,
    reached_model,
    input_valid,
    can_wait,
    hidden_retries,
    usage_reported,
    usage_disagrees,
    usage_not_understood,
    provider_request_id,
    input_tokens,
    cache_read_tokens,
    cache_write_tokens,
    cache_write_1h_tokens,
    output_tokens,
    reasoning_tokens,
    unit_input_tokens,
    unit_output_tokens,
    unit_cost,
    guardrail_cost,
    price_tier,
    price_multiplier,
    context_tokens,
    -- Capacity is paid by the hour: neither tokens nor what a gateway logged for them cost anything more.
    case
        when cache_hit then unit_cost
        when is_on_capacity then capacity_cost
        else coalesce(book_cost, believed_cost)
    end as cost,
    case
        when cache_hit
            then case when unit_cost is null then 'unpriced' when unit_cost > 0 then 'price_book' else 'free' end
        when is_on_capacity then case when capacity_cost is null then 'unpriced' else 'price_book' end
        when book_cost is not null
            then case when (is_free or price_multiplier = 0) and unit_cost = 0 then 'free' else 'price_book' end
        when believed_cost is not null then 'logged'
        else 'unpriced'
    end as cost_source,
    is_on_capacity,
    case when cache_hit then unit_list_cost else list_cost end as list_cost,
    case when not cache_hit and book_cost is not null then price_version_id end as price_version_id,
    unpriced_reason,
    logged_cost,
    logged_currency,
    file_sha256,
    file_row_no
from reasoned_attempts
