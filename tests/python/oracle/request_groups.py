"""Which attempts are one request."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from .fields import MICRO
from .records import UNALLOCATED, Attempt, Request

RETRY_WINDOW_SOURCES = ("inference",)


def set_request_ids(attempts: list[Attempt], *, retry_window: timedelta = timedelta(seconds=120)) -> None:
    """Set ``request_id`` and ``request_rule`` of every attempt."""
    by_family: dict[str, list[Attempt]] = defaultdict(list)
    for attempt in attempts:
        by_family[attempt.family].append(attempt)
    _link_native(by_family["inference"], retry_window)
    _link_runs(
        by_family["litellm"],
        rule="trace",
        run=lambda a: (a.source, a.trace_id) if a.trace_id else None,
    )
    _link_runs(
        by_family["otel"],
        rule="trace",
        run=lambda a: (a.source, a.trace_id, a.parent_span_id),
    )


def _link_native(attempts: list[Attempt], retry_window: timedelta) -> None:
    unlinked = [a for a in attempts if not a.stated_request_id and not a.retry_of]
    for attempt in attempts:
        if attempt.stated_request_id:
            attempt.request_id, attempt.request_rule = attempt.stated_request_id, "request_id"
    _link_runs(
        unlinked,
        rule="retry_window",
        run=lambda a: (
            (a.source, a.logged_use_case, a.outcome_id, a.prompt_hash)
            if a.logged_use_case and a.outcome_id and a.prompt_hash and _may_guess(a)
            else None
        ),
        longest_gap=retry_window,
    )
    _follow_retry_of(attempts)


def _may_guess(attempt: Attempt) -> bool:
    return attempt.source in RETRY_WINDOW_SOURCES or attempt.family in RETRY_WINDOW_SOURCES


def _link_runs(
    attempts: Iterable[Attempt],
    *,
    rule: str,
    run: Callable[[Attempt], Any],
    longest_gap: timedelta | None = None,
) -> None:
    """Within a run, an attempt after a failed one (soon enough, if that matters) continues its request."""
    runs: dict[Any, list[Attempt]] = defaultdict(list)
    for attempt in attempts:
        key = run(attempt)
        if key is None:
            attempt.request_id, attempt.request_rule = attempt.attempt_id, "single"
        else:
            runs[key].append(attempt)
    for members in runs.values():
        members.sort(key=lambda a: (a.started_at, a.attempt_id))
        previous: Attempt | None = None
        for attempt in members:
            continues = previous is not None and previous.status != "success"
            if continues and longest_gap is not None:
                continues = attempt.started_at - previous.end <= longest_gap
            attempt.request_id = previous.request_id if continues else attempt.attempt_id
            attempt.request_rule = rule if continues else "single"
            previous = attempt


def _follow_retry_of(attempts: list[Attempt]) -> None:
    by_id = {(a.source, a.attempt_id): a for a in attempts}
    for attempt in attempts:
        if attempt.stated_request_id or not attempt.retry_of:
            continue
        chain, current = [attempt], attempt
        while True:
            if not current.retry_of or current.stated_request_id:
                root = current.request_id
                break
            target = by_id.get((current.source, current.retry_of))
            if target is None:
                root = current.attempt_id
                break
            if target in chain:
                # Attempts that name each other in a ring: the smallest id stands for the ring.
                root = min(a.attempt_id for a in chain[chain.index(target) :])
                break
            chain.append(target)
            current = target
        attempt.request_id, attempt.request_rule = root, "retry_of"


def requests_of(attempts: Iterable[Attempt]) -> list[Request]:
    """One record per (source, request id)."""
    grouped: dict[tuple[str, str], list[Attempt]] = defaultdict(list)
    for attempt in attempts:
        grouped[attempt.source, attempt.request_id].append(attempt)
    return [_request(source, request_id, members) for (source, request_id), members in grouped.items()]


def _request(source: str, request_id: str, members: list[Attempt]) -> Request:
    members.sort(key=lambda a: (a.started_at, a.attempt_id))
    with_outcome = next((a for a in members if a.outcome_id), None)
    if with_outcome is not None:
        use_case = with_outcome.use_case
    else:
        use_case = next((a.use_case for a in members if a.logged_use_case), UNALLOCATED)
    last = max(members, key=lambda a: (a.started_at, a.end, a.attempt_id))
    started_at = members[0].started_at
    known_ends = [a.ended_at for a in members if a.ended_at is not None]
    # Without the end of its last attempt a request has no response time, rather than one that is too short.
    response = (max(known_ends) - started_at) // MICRO / 1000 if last.ended_at is not None else None
    return Request(
        source=source,
        request_id=request_id,
        attempts=members,
        use_case=use_case,
        outcome_key=with_outcome.outcome_key if with_outcome else None,
        started_at=started_at,
        end=max(a.end for a in members),
        response_time_ms=response,
        retried=len(members) > 1 or any(a.hidden_retries for a in members),
        succeeded=last.status == "success",
    )
