-- Why it moved
-- The three largest effects in the change of cost per accepted outcome, the latest complete month against the one
-- before it. All effects of a use case add up to its change.
{%- set latest_month %}
comparison = 'month'
            and label = (
                select max(drivers.label)
                from {{ ref('cost_change_drivers') }} as drivers
                where
                    drivers.comparison = 'month'
                    and drivers.after_end = last_day(drivers.after_start)
            )
{%- endset %}
{{ largest_effects(latest_month) }}
