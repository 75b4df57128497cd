"""The files of the warehouse: connections, the writer's lock, the ledger's tables, what marts there are."""
