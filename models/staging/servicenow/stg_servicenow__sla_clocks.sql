-- One row is the state of a ServiceNow task SLA at one `updated_at`; breach is computed later, from the times.
{{ desk_clocks('servicenow') }}
