"""One writer at a time, whoever starts it: the command line, Dagster's schedule or a person in the UI."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from filelock import FileLock, Timeout

from orchestration.settings import Settings

EXIT_CODE_IN_PROGRESS = 75


class RunInProgress(RuntimeError):
    """Another run holds the warehouse."""


@contextmanager
def writer_lock(settings: Settings) -> Iterator[None]:
    """Hold the warehouse for writing.

    The kernel releases the lock when the process ends, however it ends; there is no file to clean up. Inside one
    process the lock is counted, so that a command may take it before the job does.

    Raises:
        RunInProgress: another process holds it; the text names the process.
    """
    path = settings.lock_file
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(
        path,
        mode=0o600,
        blocking=False,
        # One count for the whole process: Dagster may run a step in another thread than the one that took the lock.
        thread_local=False,
        is_singleton=True,
        # A lock that is only a file outlives a killed process.
        fallback_to_soft=False,
        on_acquired=_name_holder,
    )
    try:
        lock.acquire()
    except Timeout:
        # The number is for people only: whether the lock is held is the kernel's word.
        holder = path.read_text(encoding="ascii", errors="replace").strip()
        who = f"process {holder} holds" if holder.isdigit() else "it holds"
        raise RunInProgress(
            f"a run is in progress ({who} {path}); wait for it to end, readers are not affected"
        ) from None
    try:
        yield
    finally:
        lock.release()


def lock_is_held(settings: Settings) -> bool:
    """Whether a run is in progress now, in this process or another."""
    try:
        with writer_lock(settings):
            return False
    except RunInProgress:
        return True


def _name_holder(descriptor: int) -> None:
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
