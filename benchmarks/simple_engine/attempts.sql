
-- Guarantees one row per attempt, on the day it started: where it belongs, what it used, what it cost and why.
-- No attempt is dropped on the way: an unknown use case, owner, model or price is shown as such.
with logged_attempts as (

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
        coalesce(attempts.logged_use_case, mapped.use_case, of_outcome.use_case) as named_use_case,
        attempts.logged_task_class,
        coalesce(provider_aliases.provider, attempts.logged_provider) as provider,
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
        attempts.audio_input_tokens,
        attempts.audio_output_tokens,
        attempts.image_input_tokens,
        attempts.web_search_calls,
        attempts.file_search_calls,
        attempts.code_interpreter_calls,
        attempts.cache_storage_token_hours,
        attempts.usage_reported,
        attempts.cache_hit,
        attempts.input_valid,
        attempts.can_wait,
        attempts.experiment,
        attempts.release_id,
        attempts.logged_cost,
        coalesce(attempts.logged_currency, 'USD') as logged_currency,
        attempts.hidden_retries,
        attempts.file_sha256,
        attempts.file_row_no
    from "build"."intermediate"."int_attempts" as attempts
    left join "build"."intermediate"."int_attempt_requests" as requests
        on
            attempts.day = requests.day
            and attempts.source = requests.source
            and attempts.attempt_id = requests.attempt_id
    left join "build"."intermediate"."int_mapped_use_cases" as mapped
        on
            attempts.day = mapped.day
            and attempts.source = mapped.source
            and attempts.attempt_id = mapped.attempt_id
    left join "build"."intermediate"."int_outcome_use_cases" as of_outcome on attempts.outcome_id = of_outcome.outcome_id
    left join "build"."staging"."stg_reference__provider_aliases" as provider_aliases
        on attempts.logged_provider = provider_aliases.alias
    where true 

),

placed_attempts as (

    select
        logged_attempts.day,
        logged_attempts.source,
        logged_attempts.attempt_id,
        logged_attempts.request_id,
        logged_attempts.request_rule,
        logged_attempts.outcome_id,
        case when declared.use_case is not null then declared.use_case else 'unallocated' end as use_case,
        logged_attempts.named_use_case as logged_use_case,
        coalesce(use_cases.owner, 'unowned') as owner,
        use_cases.criticality,
        coalesce(logged_attempts.logged_task_class, use_cases.task_class) as task_class,
        logged_attempts.experiment,
        logged_attempts.release_id,
        logged_attempts.provider,
        coalesce(model_aliases.model, logged_attempts.logged_model) as model,
        logged_attempts.logged_model,
        logged_attempts.service_tier,
        logged_attempts.region,
        logged_attempts.deployment,
        logged_attempts.status,
        logged_attempts.started_at,
        logged_attempts.ended_at,
        coalesce(logged_attempts.ended_at, logged_attempts.started_at) as finished_at,
        logged_attempts.cache_hit,
        (not logged_attempts.cache_hit and logged_attempts.status in ('success', 'error', 'timeout')) as reached_model,
        logged_attempts.input_valid,
        logged_attempts.can_wait,
        logged_attempts.hidden_retries,
        logged_attempts.usage_reported,
        logged_attempts.input_tokens,
        logged_attempts.cache_read_tokens,
        logged_attempts.cache_write_tokens,
        logged_attempts.cache_write_1h_tokens,
        logged_attempts.output_tokens,
        logged_attempts.reasoning_tokens,
        logged_attempts.audio_input_tokens,
        logged_attempts.audio_output_tokens,
        logged_attempts.image_input_tokens,
        logged_attempts.web_search_calls,
        logged_attempts.file_search_calls,
        logged_attempts.code_interpreter_calls,
        logged_attempts.cache_storage_token_hours,
        (logged_attempts.input_tokens + logged_attempts.cache_read_tokens + logged_attempts.cache_write_tokens
        + logged_attempts.cache_write_1h_tokens) as context_tokens,
        ((logged_attempts.input_tokens + logged_attempts.cache_read_tokens + logged_attempts.cache_write_tokens
        + logged_attempts.cache_write_1h_tokens) + logged_attempts.audio_input_tokens + logged_attempts.image_input_tokens) as priced_input_tokens,
        logged_attempts.logged_cost,
        logged_attempts.logged_currency,
        logged_attempts.file_sha256,
        logged_attempts.file_row_no
    from logged_attempts
    left join "build"."intermediate"."int_declared_use_cases" as declared on logged_attempts.named_use_case = declared.use_case
    left join "build"."staging"."stg_reference__use_cases" as use_cases
        on
            logged_attempts.named_use_case = use_cases.use_case
            and logged_attempts.started_at >= use_cases.valid_from
            and logged_attempts.started_at < use_cases.valid_to
    left join "build"."staging"."stg_reference__model_aliases" as model_aliases
        on
            logged_attempts.provider = model_aliases.provider
            and logged_attempts.logged_model = model_aliases.alias

),

rated_attempts as (

    select
        placed_attempts.day,
        placed_attempts.source,
        placed_attempts.attempt_id,
        placed_attempts.request_id,
        placed_attempts.request_rule,
        placed_attempts.outcome_id,
        placed_attempts.use_case,
        placed_attempts.logged_use_case,
        placed_attempts.owner,
        placed_attempts.criticality,
        placed_attempts.task_class,
        placed_attempts.experiment,
        placed_attempts.release_id,
        placed_attempts.provider,
        placed_attempts.model,
        placed_attempts.logged_model,
        placed_attempts.service_tier,
        placed_attempts.region,
        placed_attempts.deployment,
        placed_attempts.status,
        placed_attempts.started_at,
        placed_attempts.ended_at,
        placed_attempts.finished_at,
        placed_attempts.cache_hit,
        placed_attempts.reached_model,
        placed_attempts.input_valid,
        placed_attempts.can_wait,
        placed_attempts.hidden_retries,
        placed_attempts.usage_reported,
        placed_attempts.input_tokens,
        placed_attempts.cache_read_tokens,
        placed_attempts.cache_write_tokens,
        placed_attempts.cache_write_1h_tokens,
        placed_attempts.output_tokens,
        placed_attempts.reasoning_tokens,
        placed_attempts.audio_input_tokens,
        placed_attempts.audio_output_tokens,
        placed_attempts.image_input_tokens,
        placed_attempts.web_search_calls,
        placed_attempts.file_search_calls,
        placed_attempts.code_interpreter_calls,
        placed_attempts.cache_storage_token_hours,
        placed_attempts.context_tokens,
        rate_cards.provider is not null as has_rate_card,
        rate_cards.is_free,
        rate_cards.currencies = 1 and price_fx.rate is not null as is_convertible,
        -- Exact: whole tokens times prices of at most 15 decimals, rounded once after currency.
        cast(round(
            (
                case when placed_attempts.input_tokens = 0 then 0 else cast(placed_attempts.input_tokens as decimal(9, 0)) * rate_cards.input_price end
                + case when placed_attempts.cache_read_tokens = 0 then 0 else cast(placed_attempts.cache_read_tokens as decimal(9, 0)) * rate_cards.cache_read_price end
                + case when placed_attempts.cache_write_tokens = 0 then 0 else cast(placed_attempts.cache_write_tokens as decimal(9, 0)) * rate_cards.cache_write_price end
                + case when placed_attempts.cache_write_1h_tokens = 0 then 0 else cast(placed_attempts.cache_write_1h_tokens as decimal(9, 0)) * rate_cards.cache_write_1h_price end
                + case when placed_attempts.output_tokens - placed_attempts.reasoning_tokens = 0 then 0 else cast(placed_attempts.output_tokens - placed_attempts.reasoning_tokens as decimal(9, 0)) * rate_cards.output_price end
                + case when placed_attempts.reasoning_tokens = 0 then 0 else cast(placed_attempts.reasoning_tokens as decimal(9, 0)) * rate_cards.reasoning_price end
                + case when placed_attempts.audio_input_tokens = 0 then 0 else cast(placed_attempts.audio_input_tokens as decimal(9, 0)) * rate_cards.audio_input_price end
                + case when placed_attempts.audio_output_tokens = 0 then 0 else cast(placed_attempts.audio_output_tokens as decimal(9, 0)) * rate_cards.audio_output_price end
                + case when placed_attempts.image_input_tokens = 0 then 0 else cast(placed_attempts.image_input_tokens as decimal(9, 0)) * rate_cards.image_input_price end
                + case when placed_attempts.reached_model then rate_cards.request_price else 0 end
            ) * 0.000001 * price_fx.rate, 12
        ) as decimal(18, 12)) as book_cost,
        cast(cast(
        cast(
            sign((cast(cast(placed_attempts.logged_cost as decimal(38, 12)) * 1000000000000 as hugeint) * cast(cast(logged_fx.rate as decimal(38, 9)) * 1000000000 as hugeint))) * ((2 * abs((cast(cast(placed_attempts.logged_cost as decimal(38, 12)) * 1000000000000 as hugeint) * cast(cast(logged_fx.rate as decimal(38, 9)) * 1000000000 as hugeint))) + (cast(1 as hugeint) * 1000000000)) // (2 * (cast(1 as hugeint) * 1000000000)))
            as decimal(38, 0)
        ) * 0.000000000001 as decimal(38, 12)
    ) as decimal(18, 12)) as logged_cost,
        placed_attempts.logged_currency,
        placed_attempts.file_sha256,
        placed_attempts.file_row_no,
        models.tier as declared_tier,
        known_models.model is not null as is_in_book
    from placed_attempts
    left join "build"."simple"."int_rate_cards" as rate_cards
        on
            placed_attempts.provider = rate_cards.provider
            and placed_attempts.model = rate_cards.model
            and placed_attempts.service_tier = rate_cards.service_tier
            and placed_attempts.started_at >= rate_cards.valid_from
            and placed_attempts.started_at < rate_cards.valid_to
            and placed_attempts.priced_input_tokens > rate_cards.above_tokens
            and placed_attempts.priced_input_tokens <= rate_cards.up_to_tokens
    left join "build"."intermediate"."int_fx_rates" as price_fx
        on
            rate_cards.currency = price_fx.currency
            and placed_attempts.day >= price_fx.valid_from
            and placed_attempts.day < price_fx.valid_to
    left join "build"."intermediate"."int_fx_rates" as logged_fx
        on
            placed_attempts.logged_currency = logged_fx.currency
            and placed_attempts.day >= logged_fx.valid_from
            and placed_attempts.day < logged_fx.valid_to
    left join "build"."staging"."stg_reference__models" as models
        on
            placed_attempts.provider = models.provider
            and placed_attempts.model = models.model
    left join "build"."simple"."int_priced_models" as known_models
        on
            placed_attempts.provider = known_models.provider
            and placed_attempts.model = known_models.model

),

costed_attempts as (

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
        model,
        logged_model,
        service_tier,
        region,
        deployment,
        status,
        started_at,
        ended_at,
        finished_at,
        cache_hit,
        reached_model,
        input_valid,
        can_wait,
        hidden_retries,
        usage_reported,
        input_tokens,
        cache_read_tokens,
        cache_write_tokens,
        cache_write_1h_tokens,
        output_tokens,
        reasoning_tokens,
        audio_input_tokens,
        audio_output_tokens,
        image_input_tokens,
        web_search_calls,
        file_search_calls,
        code_interpreter_calls,
        cache_storage_token_hours,
        context_tokens,
        logged_cost,
        logged_currency,
        file_sha256,
        file_row_no,
        declared_tier,
        is_in_book,
        is_free,
        case when is_convertible and usage_reported then book_cost end as book_cost,
        case
            when cache_hit then null
            when not usage_reported then 'usage_not_reported'
            when not is_in_book then 'unknown_model'
            when not has_rate_card then 'no_price_for_tier_or_time'
            when not is_convertible then 'no_fx'
            when book_cost is null then 'no_price_for_token_kind'
        end as unpriced_reason
    from rated_attempts

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
    model,
    logged_model,
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
    cast(finished_at at time zone 'UTC' as date) as finished_day,
    cache_hit,
    reached_model,
    input_valid,
    can_wait,
    hidden_retries,
    usage_reported,
    input_tokens,
    cache_read_tokens,
    cache_write_tokens,
    cache_write_1h_tokens,
    output_tokens,
    reasoning_tokens,
    audio_input_tokens,
    audio_output_tokens,
    image_input_tokens,
    web_search_calls,
    file_search_calls,
    code_interpreter_calls,
    cache_storage_token_hours,
    context_tokens,
    case
        when cache_hit then cast(0 as decimal(18, 12))
        else coalesce(book_cost, logged_cost)
    end as cost,
    case
        when cache_hit then 'free'
        when book_cost is not null then case when is_free then 'free' else 'price_book' end
        when logged_cost is not null then 'logged'
        else 'unpriced'
    end as cost_source,
    unpriced_reason,
    logged_cost,
    logged_currency,
    file_sha256,
    file_row_no
from costed_attempts