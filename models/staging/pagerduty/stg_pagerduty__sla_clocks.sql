-- One row is the state of the clock of a PagerDuty incident at one `updated_at`: from its creation to its resolution,
-- against the declared target; an incident with no target has none.
{{ desk_clocks('pagerduty') }}
