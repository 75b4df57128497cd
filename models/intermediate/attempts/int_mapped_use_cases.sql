{{ config(materialized='incremental', incremental_strategy='replace_days') }}

-- One row per attempt whose log names no use case but which a mapping rule recognises; the first rule by priority
-- wins. A rule looks at one attribute of the row (gateway key, tag, team, service) or at its provider or model.
with unnamed_attempts as (

    select
        day,
        source,
        attempt_id,
        logged_provider,
        logged_model,
        attributes
    from {{ ref('int_attempts') }}
    where
        logged_use_case is null
        {{ and_in_rebuild_days('day') }}

),

rule_matches as (

    select
        unnamed_attempts.day,
        unnamed_attempts.source,
        unnamed_attempts.attempt_id,
        rules.use_case,
        row_number() over (
            partition by unnamed_attempts.source, unnamed_attempts.attempt_id
            order by rules.priority, rules.use_case
        ) as rank
    from unnamed_attempts
    inner join {{ ref('stg_reference__use_case_rules') }} as rules
        on
            (rules.source is null or unnamed_attempts.source = rules.source
                or unnamed_attempts.source like rules.source || '-%')
            and {{ attribute_matches('unnamed_attempts', 'rules') }}

)

select
    day,
    source,
    attempt_id,
    use_case
from rule_matches
where rank = 1
