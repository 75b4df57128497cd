"""Failures as the people who read them need them, and what a retry can mend."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg
import duckdb

from orchestration.warehouse.database import is_held_elsewhere

MAX_RETRIES = 2
SECONDS_BEFORE_RETRY = 3


class AuditIncomplete(RuntimeError):
    """A check that a publish needs has failed or has not run."""


@contextmanager
def explained(stage: str) -> Iterator[None]:
    """Retry what can go away by itself (a file or folder that is not there for a moment), and fail on everything else
    at once: bad data stays bad."""
    try:
        yield
    except (dg.Failure, dg.RetryRequested):
        raise
    except OSError as error:
        raise dg.RetryRequested(max_retries=MAX_RETRIES, seconds_to_wait=SECONDS_BEFORE_RETRY) from error
    except duckdb.IOException as error:
        if is_held_elsewhere(error):
            raise dg.RetryRequested(max_retries=MAX_RETRIES, seconds_to_wait=SECONDS_BEFORE_RETRY) from error
        raise dg.Failure(f"{stage}: {error}", allow_retries=False) from error
    except Exception as error:
        raise dg.Failure(f"{stage}: {error}", allow_retries=False) from error
