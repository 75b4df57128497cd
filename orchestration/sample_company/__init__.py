"""A believable company with a planted story: thirteen weeks of logs, tickets, clocks and decisions, from a seed.

Nothing here reads the clock: the same seed and scale give the same bytes.
"""

from orchestration.sample_company.company import AS_OF, CANARY, FIRST_DAY, LAST_DAY, UNKNOWN_MODEL
from orchestration.sample_company.generate import Summary, answer_key, write

__all__ = ["AS_OF", "CANARY", "FIRST_DAY", "LAST_DAY", "UNKNOWN_MODEL", "Summary", "answer_key", "write"]
