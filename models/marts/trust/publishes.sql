-- Guarantees one row per published build, oldest first; the build that is read adds its own row when it is published.
select
    publish_id,
    run_id,
    as_of,
    published_at,
    content_hash,
    checks_passed,
    max_load_id,
    reference_hash,
    code_hash
from {{ source('ledger', 'publishes') }}
