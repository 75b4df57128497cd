"""Instants as people write them."""

from __future__ import annotations

from datetime import UTC, datetime


def parse_instant(text: str) -> datetime:
    """An instant in UTC from ISO 8601 text.

    Raises:
        ValueError: it is no time, or it has no offset.
    """
    try:
        instant = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(f"not a time: {text!r}; write it like 2026-09-28T06:00:00Z") from None
    if instant.tzinfo is None:
        raise ValueError(f"the time {text!r} has no offset; write it like 2026-09-28T06:00:00Z")
    return instant.astimezone(UTC)
