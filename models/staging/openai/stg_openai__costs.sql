-- One row is one result of a cost bucket in force.
select
    _source as source,
    bucket_start,
    bucket_end,
    line_item,
    project_id,
    quantity,
    quantity_unit,
    amount,
    currency
from {{ source('openai', 'cost_buckets') }}
where _is_current
