-- Why it moved
-- The three largest effects in the change of cost per accepted outcome, the latest complete month against the one
-- before it. All effects of a use case add up to its change.
with latest as (

    select max(drivers.label) as label
    from {{ ref('cost_change_drivers') }} as drivers
    where
        drivers.comparison = 'month'
        and drivers.after_end = last_day(drivers.after_start)

),

effects as (

    unpivot (
        select
            use_case,
            change,
            price_effect,
            model_mix_effect,
            use_case_mix_effect,
            context_length_effect,
            output_length_effect,
            retries_effect,
            cache_effect,
            service_tier_effect,
            rework_effect,
            delay_effect,
            acceptance_effect,
            requests_per_outcome_effect
        from {{ ref('cost_change_drivers') }}
        where
            comparison = 'month'
            and label = (select latest.label from latest)
            and metric = 'cost_per_accepted_outcome'
            and use_case not in ('all', 'unallocated')
            and change is not null
    ) on columns(* exclude (use_case, change)) into name effect value amount

),

ranked_effects as (

    select
        use_case,
        change,
        replace(replace(effect, '_effect', ''), '_', ' ') as effect,
        amount,
        row_number() over (partition by use_case order by abs(amount) desc, effect) as size_rank
    from effects
    where amount <> 0

)

select
    maturity.owner,
    ranked_effects.use_case,
    ranked_effects.change as cost_per_accepted_outcome_moved_by,
    ranked_effects.effect,
    ranked_effects.amount as effect_amount
from ranked_effects
inner join {{ ref('maturity') }} as maturity on ranked_effects.use_case = maturity.use_case
where ranked_effects.size_rank <= 3
order by maturity.owner, ranked_effects.use_case, ranked_effects.size_rank
