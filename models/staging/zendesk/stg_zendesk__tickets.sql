-- One row is the state of a Zendesk ticket at one `updated_at`. Its closing time is known only where the export puts
-- the ticket's metrics beside it; otherwise it comes with `stg_zendesk__ticket_metrics`.
{{ desk_tickets('zendesk') }}
