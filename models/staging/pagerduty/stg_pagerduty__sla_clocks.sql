-- One row is the state of the clock of a PagerDuty incident at one `updated_at`: from its creation to its resolution,
-- against the declared target. Incidents without a target have none.
{{ desk_clocks('pagerduty') }}
