"""dbt in a process that ends with the run that started it.

A run that is killed must not leave a dbt behind that goes on writing: the next run holds the lock by then.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
from typing import Any

# Begins a line that holds the result of a node; other lines are dbt's log.
RESULT_MARK = "\x1e"
TELL = "--tell"
PARENT_VARIABLE = "DBT_CHILD_OF"
_PR_SET_PDEATHSIG = 1


def end_with_parent() -> None:
    """Ask the kernel to end this process when its parent ends (Linux; elsewhere nothing)."""
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    # The parent may have ended before the request was made.
    parent = os.environ.get(PARENT_VARIABLE)
    if parent is not None and os.getppid() != int(parent):
        sys.exit(1)


class Teller:
    """Prints what whoever started dbt wants to hear: its log as people read it, and the result of each node as JSON.

    dbt's own loggers write out every event, also those that they then leave out, which is a fifth of its time.
    """

    def __init__(self) -> None:
        self._said: dict[str, list[str]] = {}

    def __call__(self, event: Any) -> None:
        if event.info.name == "NodeFinished":
            result, unique_id = event.data.run_result, event.data.node_info.unique_id
            told = {"unique_id": unique_id, "status": result.status, "message": result.message}
            told |= {"seconds": result.execution_time, "said": self._said.pop(unique_id, [])}
            self._print(RESULT_MARK + json.dumps(told))
        elif event.info.level in ("info", "warn", "error"):
            if event.info.name == "JinjaLogInfo":
                self._said.setdefault(event.data.node_info.unique_id, []).append(event.data.msg)
            self._print(f"{event.info.ts.ToDatetime():%H:%M:%S}  {event.info.msg}")

    def _print(self, line: str) -> None:
        # One write, because dbt's threads tell at the same time.
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


def main(arguments: list[str]) -> int:
    """Run dbt, after ``TELL`` with what ``Teller`` prints in place of dbt's own log; its exit code."""
    from dbt.cli.main import dbtRunner

    callbacks = []
    if arguments[:1] == [TELL]:
        callbacks = [Teller()]
        arguments = ["--log-level", "none", *arguments[1:]]
    done = dbtRunner(callbacks=callbacks).invoke(arguments)
    if done.exception is not None:
        sys.stdout.write(f"{done.exception}\n")
        return 2
    return 0 if done.success else 1


if __name__ == "__main__":
    end_with_parent()
    sys.exit(main(sys.argv[1:]))
