"""Reference data: what the seed files may hold, checked before anything is loaded.

prepared = prepare(settings)      # ReferenceError lists everything that is wrong
changed_ranges(con, prepared)     # what must be built again
save_reference_rows(con, prepared)
"""

from orchestration.reference.changes import changed_ranges, save_reference_rows
from orchestration.reference.csv_file import Problem
from orchestration.reference.prepare import PreparedReference, ReferenceError, ReferenceRow, prepare, validate

__all__ = [
    "PreparedReference",
    "Problem",
    "ReferenceError",
    "ReferenceRow",
    "changed_ranges",
    "prepare",
    "save_reference_rows",
    "validate",
]
