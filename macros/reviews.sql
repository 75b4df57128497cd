{#- What the reviews of two rhythms have in common. `finops review` renders this file with the queries of `analyses/`, so
    it uses nothing but `ref`. -#}

{#- The three largest effects in the change of cost per accepted outcome of each use case. `comparison` is a condition on
    `cost_change_drivers`. -#}
{% macro largest_effects(comparison) %}
with effects as (

    unpivot (
        select
            use_case,
            change,
            columns('.*_effect$')
        from {{ ref('cost_change_drivers') }}
        where
            {{ comparison }}
            and metric = 'cost_per_accepted_outcome'
            and use_case not in ('all', 'unallocated')
            and change is not null
    ) on columns('.*_effect$') into name effect value amount

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
{% endmacro %}
