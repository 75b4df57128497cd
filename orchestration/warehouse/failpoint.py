"""Places where a test can have the process killed, to show that the next run repairs everything."""

from __future__ import annotations

import os
import signal

_passed: dict[str, int] = {}


def fail_at(stage: str) -> None:
    """Kill this process with SIGKILL when ``FINOPS_FAIL_AT`` is ``<stage>:<n>`` and this is the n-th passage.

    Does nothing when the variable is not set. A malformed value raises ValueError: a test that kills nothing must
    not look green.
    """
    wanted = os.environ.get("FINOPS_FAIL_AT")
    if not wanted:
        return
    name, colon, count = wanted.rpartition(":")
    if not colon or not count.isdigit() or int(count) < 1:
        raise ValueError("FINOPS_FAIL_AT must be <stage>:<n> with n >= 1")
    if name != stage:
        return
    _passed[stage] = _passed.get(stage, 0) + 1
    if _passed[stage] == int(count):
        os.kill(os.getpid(), signal.SIGKILL)
