"""The static dashboard: what is published, as one page that needs no server, no network and no account."""
