-- One row is one rule that says which model and token kind an invoice line or a line of a cost report is for.
select
    nullif(trim(provider), '') as provider,
    nullif(trim(field), '') as field,
    nullif(trim(pattern), '') as pattern,
    nullif(trim(model), '') as model,
    nullif(trim(token_kind), '') as token_kind
from {{ ref('invoice_skus') }}
