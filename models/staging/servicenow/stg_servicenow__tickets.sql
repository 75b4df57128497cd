-- One row is the state of a ServiceNow incident (or other task) at one `updated_at`.
{{ desk_tickets('servicenow') }}
