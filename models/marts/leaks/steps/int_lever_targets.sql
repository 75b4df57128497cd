-- One row per use case and task class with a routing target: the model that the class is to be answered by. A tier
-- stands for its reference model.
with named_targets as (

    select
        parameters.use_case,
        parameters.task_class,
        parameters.value as target,
        references_of_tiers.model is null as is_named_model,
        coalesce(references_of_tiers.provider, left(parameters.value, position('/' in parameters.value) - 1))
            as provider,
        coalesce(references_of_tiers.model, substr(parameters.value, position('/' in parameters.value) + 1)) as model
    from {{ ref('int_lever_parameters') }} as parameters
    left join {{ ref('stg_reference__models') }} as references_of_tiers
        on
            parameters.value = references_of_tiers.tier
            and references_of_tiers.is_reference
    where
        parameters.lever = 'routing'
        and parameters.parameter = 'target'
        and parameters.value is not null
        and parameters.task_class <> ''

)

select
    named_targets.use_case,
    named_targets.task_class,
    named_targets.target,
    named_targets.is_named_model,
    named_targets.provider,
    named_targets.model,
    coalesce(models.tier, 'balanced') as tier,
    model_names.priced_regions
from named_targets
left join {{ ref('stg_reference__models') }} as models
    on
        named_targets.provider = models.provider
        and named_targets.model = models.model
left join {{ ref('int_model_names') }} as model_names
    on
        named_targets.provider = model_names.provider
        and {{ model_name_key('named_targets.model') }} = model_names.name_key
