-- Guarantees one row per publish, day, use case and measure of `use_case_daily` that the publish changed although the
-- day had been over when it was published before. The build that is read adds its own rows when it is published.
select
    publish_id,
    former_publish_id,
    published_at,
    day,
    use_case,
    measure,
    former_value,
    value,
    delta,
    reference_changed,
    code_changed
from {{ source('ledger', 'restatements') }}
