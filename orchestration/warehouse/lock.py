"""One writer at a time, whoever starts it: the command line, Dagster's schedule or a person in the UI."""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orchestration.settings import Settings

EXIT_CODE_IN_PROGRESS = 75

_guard = threading.Lock()
_held: dict[Path, tuple[int, int]] = {}


class RunInProgress(RuntimeError):
    """Another run holds the warehouse."""


@contextmanager
def writer_lock(settings: Settings) -> Iterator[None]:
    """Hold the warehouse for writing.

    The kernel releases the lock when the process ends, however it ends; there is no file to clean up and no process id
    to be mistaken about. Inside one process the lock is counted, so that a command may take it before the job does.

    Raises:
        RunInProgress: another process holds it.
    """
    path = settings.lock_file
    with _guard:
        if path in _held:
            descriptor, count = _held[path]
            _held[path] = (descriptor, count + 1)
        else:
            _held[path] = (_take(path), 1)
    try:
        yield
    finally:
        with _guard:
            descriptor, count = _held[path]
            if count > 1:
                _held[path] = (descriptor, count - 1)
            else:
                del _held[path]
                os.close(descriptor)


def lock_is_held(settings: Settings) -> bool:
    """Whether a run is in progress now, in this process or another."""
    try:
        with writer_lock(settings):
            return False
    except RunInProgress:
        return True


def _take(path: Path) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise RunInProgress(
            f"a run is in progress (it holds {path}); wait for it to end, readers are not affected"
        ) from None
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor
