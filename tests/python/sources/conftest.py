"""A warehouse with an empty landing folder."""

from ingest.conftest import make_warehouse, now, warehouse

__all__ = ["make_warehouse", "now", "warehouse"]
