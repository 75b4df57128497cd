"""The steps of a run as a person follows them on a terminal."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import dagster as dg

# Who wants to hear of stages: called with (kind, step key, text).
Listener = Callable[[str, str, str], None]
_listeners: list[Listener] = []


def listen(listener: Listener) -> Callable[[], None]:
    """Hear of every event of runs in this process; returns how to stop."""
    _listeners.append(listener)
    return lambda: _listeners.remove(listener)


class _Handler(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        meta: dict[str, Any] = getattr(record, "dagster_meta", None) or {}
        event = meta.get("dagster_event")
        kind = event.event_type_value if event is not None else record.levelname
        step = (event.step_key if event is not None else meta.get("step_key")) or ""
        for listener in list(_listeners):
            listener(kind, step, str(meta.get("orig_message") or record.getMessage()))


@dg.logger(description="Tells the command line of stages; prints nothing by itself.")
def stage_logger(_context: dg.InitLoggerContext) -> logging.Logger:
    """Dagster logger for ``listen``."""
    logger = logging.Logger("stages", level=logging.DEBUG)
    logger.addHandler(_Handler())
    return logger
