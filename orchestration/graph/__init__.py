"""The Dagster graph, and the only place that knows Dagster: landing to published as assets, jobs, its record."""
