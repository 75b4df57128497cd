-- Catches a fact that cannot be traced to a row of a file: every attempt, ticket, clock and shared cost names a
-- file of the ledger and a row number within it.
{%- for model in ['attempts', 'rework_tickets', 'sla_events', 'shared_costs'] %}
select
    '{{ model }}' as fact,
    facts.source,
    facts.file_sha256,
    facts.file_row_no
from {{ ref(model) }} as facts
left join {{ ref('load_files') }} as files
    on
        facts.source = files.source
        and facts.file_sha256 = files.file_sha256
where
    files.file_sha256 is null
    or facts.file_row_no < 1
    or facts.file_row_no > files.rows_in
{{ 'union all' if not loop.last }}
{% endfor %}
