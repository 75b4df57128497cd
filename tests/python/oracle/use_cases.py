"""Whose work a row is: named by the row, by a mapping rule, or by the other rows of its outcome."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from .records import UNALLOCATED, Attempt, Clock, Decision, Ticket
from .reference import Reference, Rule


def apply_rules(attempts: Iterable[Attempt], reference: Reference) -> None:
    """Set ``logged_use_case``: the name in the row, else that of the first rule that fits its attributes."""
    for attempt in attempts:
        attempt.logged_use_case = attempt.named_use_case or _by_rule(attempt, reference.rules)


def _by_rule(attempt: Attempt, rules: list[Rule]) -> str | None:
    for rule in rules:
        if rule.source not in ("", attempt.source, attempt.family):
            continue
        value = attempt.attributes.get(rule.field)
        values = value if isinstance(value, list) else [value]
        if any(item is not None and rule.pattern.fullmatch(_text(item)) for item in values):
            return rule.use_case
    return None


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


class UseCases:
    """Final use case of every row; undeclared names become ``unallocated``."""

    def __init__(
        self,
        reference: Reference,
        attempts: list[Attempt],
        tickets: list[Ticket],
        clocks: list[Clock],
        decisions: list[Decision],
    ) -> None:
        self._reference = reference
        self._named: dict[str, set[str]] = defaultdict(set)
        for attempt in attempts:
            self._note(attempt.outcome_id, attempt.logged_use_case)
        for ticket in tickets:
            for outcome_id in ticket.outcome_ids:
                self._note(outcome_id, ticket.named_use_case)
        for row in (*clocks, *decisions):
            self._note(row.outcome_id, row.named_use_case)

    def _note(self, outcome_id: str | None, use_case: str | None) -> None:
        if outcome_id and use_case:
            self._named[outcome_id].add(use_case)

    def logged(self, use_case: str | None, outcome_id: str | None) -> str | None:
        """The name a row has, else the one on which the rows of its outcome agree."""
        if use_case or not outcome_id:
            return use_case
        names = self._named.get(outcome_id, ())
        return next(iter(names)) if len(names) == 1 else None

    def final(self, use_case: str | None, outcome_id: str | None) -> str:
        logged = self.logged(use_case, outcome_id)
        return logged if logged and self._reference.is_declared(logged) else UNALLOCATED
