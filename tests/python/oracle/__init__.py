"""An independent recomputation of the marts from landing files, sharing nothing with the SQL that it checks."""

from .compute import OracleResult, compute

__all__ = ["OracleResult", "compute"]
