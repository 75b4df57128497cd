"""How rows of the common kinds are connected: keys that they share with others, and the days they stand on.

A key's first letter says what it names, so that ids of different kinds never meet.
"""

from __future__ import annotations

from orchestration.ingest.family import Connected
from orchestration.ingest.tables import Table

OUTCOME = "'o' || outcome_id"
OUTCOMES = "list_transform(from_json(outcome_ids, '[\"VARCHAR\"]'), lambda outcome_id: 'o' || outcome_id)"


def attempt(column: str) -> str:
    """Key of an attempt or request, within its landing folder."""
    return _within_source("a", column)


def trace(column: str) -> str:
    """Key of a trace, within its landing folder."""
    return _within_source("t", column)


def response(column: str) -> str:
    """Key of a provider's response, within its landing folder."""
    return _within_source("r", column)


def session(column: str) -> str:
    """Key of a session, within its landing folder."""
    return _within_source("n", column)


def ticket(column: str) -> str:
    """Key of a ticket or review, within its landing folder."""
    return _within_source("k", column)


def ticket_name(column: str) -> str:
    """Key of a ticket by the name that people give it, within its landing folder."""
    return _within_source("q", column)


def clock(column: str) -> str:
    """Key of a clock, within its landing folder."""
    return _within_source("s", column)


def policy(column: str) -> str:
    """Key of a policy that sets clocks, within its landing folder."""
    return _within_source("p", column)


def of_attempts(table: Table, *keys: str, counts_searches: bool = False, attempts: str = "count(*)") -> Connected:
    """Attempts, which stand on the days of their beginning and end; each current row is one unless said otherwise."""
    instants = ("started_at", "coalesce(ended_at, started_at)")
    return Connected(
        table,
        "started_at",
        instants,
        instants,
        (OUTCOME, *keys),
        counts_searches=counts_searches,
        holds_attempts=True,
        attempts=attempts,
    )


def of_desk(
    table: Table, *, has_clocks: bool, more_keys: tuple[str, ...] = (), inner_instants: str = ""
) -> tuple[Connected]:
    """A desk's tickets with all that belongs to them: clocks, events, hours of work. When clocks are due in a changed
    range of reference data is read off the previous build."""
    clock_instants = ("started_at", "due_at") if has_clocks else ()
    return (
        Connected(
            table,
            "updated_at",
            ("opened_at", "coalesce(closed_at, updated_at)", "updated_at", *clock_instants),
            ("coalesce(closed_at, updated_at)",),
            (OUTCOMES, ticket("ticket_id"), ticket_name("ticket_key"), *more_keys),
            inner_instants,
            is_desk=True,
        ),
    )


def _within_source(kind: str, column: str) -> str:
    return f"'{kind}' || _source || chr(31) || {column}"
