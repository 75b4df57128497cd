{%- set figures = ['requests', 'attempts', 'outcomes'] %}
{%- set token_kinds = ['input', 'cache_read', 'cache_write', 'cache_write_1h', 'output'] %}

-- Guarantees one row per day, cost that no log has and use case that bears a part of it; the parts of a cost's day add up
-- to it exactly, the last use case by name takes the rounding rest. A cost names its use case, or a rule that shares it
-- out by stated shares or by a figure of the day, which is that of `use_case_daily`. What nobody bears is `unallocated`.
with use_case_tokens as (

    select
        day,
        use_case,
        sum({{ token_kinds | join('_tokens + ') }}_tokens) as tokens
    from {{ ref('int_driver_days') }}
    group by day, use_case

),

-- Whole numbers, so that shares are exact; of cost, its twelve decimals.
day_figures as (
{% for figure in figures %}
    select
        day,
        use_case,
        '{{ figure }}' as sharing_key,
        cast({{ figure }} as decimal(38, 0)) as weight
    from {{ ref('int_use_case_days') }}

    union all
{% endfor %}
    select
        day,
        use_case,
        'tokens' as sharing_key,
        cast(tokens as decimal(38, 0)) as weight
    from use_case_tokens

    union all

    select
        day,
        use_case,
        'inference_cost' as sharing_key,
        cast(inference_cost * 1000000000000 as decimal(38, 0)) as weight
    from {{ ref('int_use_case_days') }}

),

-- A use case that a cost names wins over a rule.
cost_days as (

    select
        costs.day,
        costs.source,
        costs.cost_id,
        costs.logged_use_case is not null as names_use_case,
        declared.use_case as named_use_case,
        costs.rule
    from {{ ref('int_cost_days') }} as costs
    left join {{ ref('int_declared_use_cases') }} as declared on costs.logged_use_case = declared.use_case

),

rule_parts as (

    select
        cost_days.day,
        cost_days.source,
        cost_days.cost_id,
        rules.sharing_key,
        rules.use_case,
        cast(cast(rules.share as decimal(38, 9)) * 1000000000 as decimal(38, 0)) as fixed_weight
    from cost_days
    inner join {{ ref('stg_reference__cost_sharing') }} as rules
        on
            cost_days.rule = rules.rule
            and {{ start_of_day('cost_days.day') }} >= rules.valid_from
            and {{ start_of_day('cost_days.day') }} < rules.valid_to
    where not cost_days.names_use_case

),

borne_parts as (

    select
        day,
        source,
        cost_id,
        'use_case' as shared_by,
        named_use_case as use_case,
        cast(1 as decimal(38, 0)) as weight
    from cost_days
    where named_use_case is not null

    union all

    select
        day,
        source,
        cost_id,
        'fixed' as shared_by,
        use_case,
        fixed_weight as weight
    from rule_parts
    where sharing_key = 'fixed'

    union all

    select
        rule_parts.day,
        rule_parts.source,
        rule_parts.cost_id,
        rule_parts.sharing_key as shared_by,
        day_figures.use_case,
        day_figures.weight
    from rule_parts
    inner join day_figures
        on
            rule_parts.day = day_figures.day
            and rule_parts.sharing_key = day_figures.sharing_key
            and coalesce(rule_parts.use_case, day_figures.use_case) = day_figures.use_case

),

borne_days as (

    select
        day,
        source,
        cost_id,
        min(shared_by) as shared_by,
        sum(weight) as weight
    from borne_parts
    where weight > 0
    group by day, source, cost_id

),

-- What the stated shares leave over, and the whole of what nobody bears.
all_parts as (

    select
        day,
        source,
        cost_id,
        use_case,
        weight
    from borne_parts
    where weight > 0

    union all

    select
        cost_days.day,
        cost_days.source,
        cost_days.cost_id,
        'unallocated' as use_case,
        case when borne_days.shared_by is null then 1 else 1000000000 - borne_days.weight end as weight
    from cost_days
    left join borne_days
        on
            cost_days.day = borne_days.day
            and cost_days.source = borne_days.source
            and cost_days.cost_id = borne_days.cost_id
    where
        borne_days.shared_by is null
        or (borne_days.shared_by = 'fixed' and borne_days.weight < 1000000000)

),

use_case_parts as (

    select
        day,
        source,
        cost_id,
        use_case,
        sum(weight) as weight
    from all_parts
    group by day, source, cost_id, use_case

),

placed_parts as (

    select
        day,
        source,
        cost_id,
        use_case,
        weight,
        sum(weight) over (partition by day, source, cost_id) as total_weight,
        row_number() over (partition by day, source, cost_id order by use_case desc) as place_from_last
    from use_case_parts

),

rounded_parts as (

    select
        parts.day,
        parts.source,
        parts.cost_id,
        parts.use_case,
        parts.place_from_last,
        parts.weight,
        parts.total_weight,
        costs.amount as day_amount,
        costs.reporting_amount as day_cost,
        {{ exact_part('costs.amount', 'parts.weight', 'parts.total_weight') }} as amount,
        {{ exact_part('costs.reporting_amount', 'parts.weight', 'parts.total_weight') }} as shared_cost,
        costs.currency,
        costs.logged_provider,
        costs.category,
        costs.rule,
        costs.file_sha256,
        costs.file_row_no
    from placed_parts as parts
    inner join {{ ref('int_cost_days') }} as costs
        on
            parts.day = costs.day
            and parts.source = costs.source
            and parts.cost_id = costs.cost_id

)

select
    parts.day,
    parts.use_case,
    parts.source,
    parts.cost_id,
    parts.logged_provider as provider,
    parts.category,
    parts.rule,
    coalesce(borne_days.shared_by, 'nobody') as shared_by,
    {{ ratio('parts.weight', 'parts.total_weight') }} as share_of_day,
    {%- for part, whole in {'amount': 'day_amount', 'shared_cost': 'day_cost'}.items() %}
    cast(
        case
            when parts.place_from_last > 1 then parts.{{ part }}
            else parts.{{ whole }} - coalesce(sum(case when parts.place_from_last > 1 then parts.{{ part }} end) over (
                partition by parts.day, parts.source, parts.cost_id
            ), 0)
        end as decimal(38, 12)
    ) as {{ part }},
    {%- endfor %}
    parts.currency,
    parts.file_sha256,
    parts.file_row_no
from rounded_parts as parts
left join borne_days
    on
        parts.day = borne_days.day
        and parts.source = borne_days.source
        and parts.cost_id = borne_days.cost_id
