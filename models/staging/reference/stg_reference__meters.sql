-- One row is one unit besides text tokens that somebody bills, and the text kind that it is a part of, if any.
select
    nullif(trim(meter), '') as meter,
    nullif(trim(unit), '') as unit,
    nullif(trim(part_of), '') as part_of,
    nullif(trim(sku_meter), '') as sku_meter
from {{ ref('meters') }}
