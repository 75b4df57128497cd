{{ config(materialized='view') }}

-- Guarantees one row per desk ticket: what its clocks need of its latest state as of the run. A clock belongs to one
-- outcome, the first that its ticket names.
with tickets as (
{% for desk in desks() %}
    select
        source,
        ticket_id,
        ticket_key,
        outcome_ids,
        logged_use_case,
        is_in_scope,
        status,
        updated_at,
        row_hash
    from {{ ref('stg_' ~ desk ~ '__tickets') }}
    {{ 'union all' if not loop.last }}
{%- endfor %}
),

states as (

    select
        source,
        ticket_id,
        ticket_key,
        outcome_ids,
        logged_use_case,
        is_in_scope,
        status,
        updated_at,
        row_number() over (partition by source, ticket_id order by updated_at desc, row_hash desc) as recency
    from tickets
    where updated_at <= {{ as_of() }}

)

select
    source,
    ticket_id,
    -- A key can pass to another ticket; it then names the one that changed last.
    case
        when row_number() over (partition by source, ticket_key order by updated_at desc, ticket_id desc) = 1
            then ticket_key
    end as ticket_key,
    {{ first_json_element('outcome_ids') }} as outcome_id,
    logged_use_case,
    is_in_scope,
    status
from states
where recency = 1
