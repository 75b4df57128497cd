"""Landing files to published marts: ingest, transform, audit, publish."""
