-- One row per use case: what it would save to answer each task class by its target model. Calls that a dearer tier
-- answered are priced again with the same tokens; their outcomes take on the acceptance and rework that the class was
-- observed to have on the target's tier, as a difference from what it has on the tier it is on: in the use case itself
-- where both tiers have enough outcomes of the class, else in the other use cases that have both (there the difference
-- in the share of reworked outcomes, at what a reworked one costs here), else nothing is said.
with moved_attempts as (

    select
        attempts.use_case,
        attempts.task_class,
        attempts.cost,
        {{ price_by_other_model('attempts') }} as target_cost
    from {{ ref('int_lever_attempts') }} as attempts
    inner join {{ ref('int_lever_targets') }} as targets
        on
            attempts.use_case = targets.use_case
            and attempts.task_class = targets.task_class
            and {{ is_routed('attempts', 'targets') }}
    {{ join_cards_of_other_model(
        'attempts', 'targets.provider', 'targets.model', 'targets.priced_regions'
    ) }}
    where
        attempts.reached_model
        and attempts.cost > 0

),

moved_money as (

    select
        use_case,
        task_class,
        count(*) as attempts,
        sum(case when target_cost is null then 1 else 0 end) as unpriced_attempts,
        sum(cost - coalesce(target_cost, cost)) as saved
    from moved_attempts
    group by use_case, task_class

),

moved_outcomes as (

    select
        outcomes.use_case,
        outcomes.task_class,
        outcomes.tier as current_tier,
        targets.tier as target_tier,
        count(*) as outcomes
    from {{ ref('int_lever_outcomes') }} as outcomes
    inner join {{ ref('int_lever_targets') }} as targets
        on
            outcomes.use_case = targets.use_case
            and outcomes.task_class = targets.task_class
            and {{ is_routed('outcomes', 'targets') }}
    where outcomes.is_in_window
    group by
        outcomes.use_case,
        outcomes.task_class,
        outcomes.tier,
        targets.tier

),

rework_prices as (

    select
        use_case,
        {{ ratio('sum(rework_cost)', 'sum(reworked_outcomes)') }} as cost_per_reworked_outcome
    from {{ ref('int_lever_quality') }}
    group by use_case

),

elsewhere as (

    select
        moved.use_case,
        moved.task_class,
        moved.current_tier,
        moved.target_tier,
        {{ ratio(
            'sum(cast(moves.acceptance_change * moves.weight as decimal(38, 12)))', 'sum(moves.weight)'
        ) }} as acceptance_change,
        {{ ratio(
            'sum(cast(moves.reworked_share_change * moves.weight as decimal(38, 12)))', 'sum(moves.weight)'
        ) }} as reworked_share_change,
        {{ joined_texts("moves.use_case || ' ' || moves.words", ', ', 'moves.use_case') }} as words
    from moved_outcomes as moved
    inner join {{ ref('int_lever_moves') }} as moves
        on
            moved.use_case <> moves.use_case
            and moved.task_class = moves.task_class
            and moved.current_tier = moves.current_tier
            and moved.target_tier = moves.target_tier
    group by
        moved.use_case,
        moved.task_class,
        moved.current_tier,
        moved.target_tier

),

observed_moves as (

    select
        moved.use_case,
        moved.task_class,
        moved.current_tier,
        moved.outcomes,
        case
            when here.use_case is not null then 'observed'
            -- What a reworked outcome costs is known only where some were reworked.
            when elsewhere.use_case is not null and rework_prices.cost_per_reworked_outcome is not null
                then 'observed_elsewhere'
            else 'none'
        end as basis,
        coalesce(here.acceptance_change, elsewhere.acceptance_change) as acceptance_change,
        coalesce(
            here.rework_change, elsewhere.reworked_share_change * rework_prices.cost_per_reworked_outcome
        ) as rework_change,
        case
            when here.use_case is not null then 'class ' || moved.task_class || ': ' || here.words
            when elsewhere.use_case is not null and rework_prices.cost_per_reworked_outcome is not null
                then 'class ' || moved.task_class || ' in other use cases, at what a reworked outcome costs here ('
                    || {{ money_words('rework_prices.cost_per_reworked_outcome') }} || '): ' || elsewhere.words
            else
                'class ' || moved.task_class || ': no use case has ' || cast(lever_window.minimum_outcomes as varchar)
                || ' outcomes both on ' || moved.current_tier || ' and on ' || moved.target_tier
        end as words
    from moved_outcomes as moved
    cross join {{ ref('int_lever_window') }} as lever_window
    left join {{ ref('int_lever_moves') }} as here
        on
            moved.use_case = here.use_case
            and moved.task_class = here.task_class
            and moved.current_tier = here.current_tier
            and moved.target_tier = here.target_tier
    left join elsewhere
        on
            moved.use_case = elsewhere.use_case
            and moved.task_class = elsewhere.task_class
            and moved.current_tier = elsewhere.current_tier
            and moved.target_tier = elsewhere.target_tier
    left join rework_prices on moved.use_case = rework_prices.use_case

),

quality_moves as (

    select
        moves.use_case,
        sum(moves.outcomes) as outcomes,
        sum(case when moves.basis = 'none' then 1 else 0 end) as moves_without_basis,
        sum(case when moves.basis = 'observed_elsewhere' then 1 else 0 end) as moves_observed_elsewhere,
        cast(sum(cast(
            cast(shares.value as double) * moves.outcomes * moves.acceptance_change as decimal(38, 12)
        )) as decimal(38, 12)) as accepted_change,
        cast(sum(cast(
            cast(shares.value as double) * moves.outcomes * moves.rework_change as decimal(38, 12)
        )) as decimal(38, 12)) as rework_change,
        {{ joined_texts('moves.words', '; ', 'moves.task_class || moves.current_tier') }} as evidence
    from observed_moves as moves
    inner join {{ ref('int_lever_parameters') }} as shares
        on {{ assumption_applies('shares', 'routing', 'share', 'moves.use_case', 'moves.task_class') }}
    group by moves.use_case

),

money as (

    select
        moved_money.use_case,
        sum(moved_money.attempts) as attempts,
        sum(moved_money.unpriced_attempts) as unpriced_attempts,
        cast(sum(cast(round(moved_money.saved * {{ share_factor('shares.value') }}, 12) as decimal(38, 12)))
            as decimal(38, 12)) as saved,
        {{ joined_texts(
            "cast(moved_money.attempts as varchar) || ' calls of class ' || moved_money.task_class || ' go to '"
            ~ " || targets.provider || ' ' || targets.model || ' (' || targets.tier || '), '"
            ~ " || " ~ percent_words('shares.value') ~ " || ' of them'", '; ', 'moved_money.task_class'
        ) }} as words
    from moved_money
    inner join {{ ref('int_lever_targets') }} as targets
        on
            moved_money.use_case = targets.use_case
            and moved_money.task_class = targets.task_class
    inner join {{ ref('int_lever_parameters') }} as shares
        on {{ assumption_applies('shares', 'routing', 'share', 'moved_money.use_case', 'moved_money.task_class') }}
    group by moved_money.use_case

)

select
    'routing' as lever,
    money.use_case,
    money.attempts as affected_attempts,
    coalesce(quality_moves.outcomes, 0) as affected_outcomes,
    money.saved as inference_saved,
    cast(-coalesce(quality_moves.rework_change, 0) as decimal(38, 12)) as rework_saved,
    cast(0 as decimal(38, 12)) as delay_saved,
    coalesce(quality_moves.accepted_change, 0) as accepted_change,
    case
        when money.unpriced_attempts = money.attempts or quality_moves.moves_without_basis > 0 then 'none'
        when quality_moves.use_case is null then 'none'
        when quality_moves.moves_observed_elsewhere > 0 then 'observed_elsewhere'
        else 'observed'
    end as basis,
    money.words || ', with the same tokens at the price book'
    || case
        when money.unpriced_attempts > 0
            then ' (' || cast(money.unpriced_attempts as varchar) || ' have no price there and stay)'
        else ''
    end
    || '. ' || coalesce('Observed, ' || quality_moves.evidence, 'No outcome tells how good the target is')
    || '. Delay stays as it is.' as assumption
from money
left join quality_moves on money.use_case = quality_moves.use_case
