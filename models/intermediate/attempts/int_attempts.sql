{{ config(materialized='view') }}

{%- set columns = attempt_contract().keys() | list %}

-- One row per attempt of any source, in one shape, as of the run.
with attempts as (
{% for model in attempt_models() %}
    select {{ columns | join(', ') }}
    from {{ ref(model) }}
    {{ 'union all' if not loop.last }}
{%- endfor %}
)

select
    {{ day_of('started_at') }} as day,
    {{ columns | join(',\n    ') }}
from attempts
where started_at <= {{ as_of() }}
