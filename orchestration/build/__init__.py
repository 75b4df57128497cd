"""One night: the warehouse made ready, new files loaded, days planned, dbt, audits, publish."""
