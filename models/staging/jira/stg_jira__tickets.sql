-- One row is the state of a Jira issue at one `updated_at`.
{{ desk_tickets('jira') }}
