-- One row per provider and model that has any price at any time.
select distinct
    provider,
    model
from "build"."simple"."int_rates"