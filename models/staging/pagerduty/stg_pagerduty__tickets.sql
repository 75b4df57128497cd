-- One row is the state of a PagerDuty incident at one `updated_at`.
{{ desk_tickets('pagerduty') }}
