"""How the rows of a desk find their outcome, use case, severity and the like: what ``places.yml`` may say of it."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, field_validator, model_validator

from orchestration.ingest.privacy import is_private
from orchestration.sources.desks.export_times import ExportTimes

# What a place can be declared for, and the words that a field is limited to.
ALLOWED: dict[str, frozenset[str]] = {
    "outcome_ids": frozenset(),
    "use_case": frozenset(),
    "severity": frozenset({"critical", "major", "minor"}),
    "kind": frozenset({"correction", "full_review", "spot_check"}),
    "cause": frozenset({"quality", "input", "policy", "timeout", "other"}),
    "role": frozenset(),
    "handling_minutes": frozenset(),
    "status": frozenset({"open", "closed", "void"}),
    "target": frozenset(),
}
UNIT_MINUTES = {"seconds": Decimal(1) / 60, "minutes": Decimal(1), "hours": Decimal(60)}
ANY_OTHER = "*"


class Place(NamedTuple):
    """Where a value may stand.

    Attributes:
        kind: ``tag`` (a tag ``name:value`` or ``name=value``), ``custom_field`` (by id or name), ``path``, or
            ``match`` (what a regular expression finds in the text at a path; only the match is kept).
        path: names to follow; the tag's or custom field's name is the only one of these.
        pattern: of a match: its first group, or all of it where it has none.
    """

    kind: Literal["tag", "custom_field", "path", "match"]
    path: tuple[str, ...]
    pattern: re.Pattern[str] | None = None


def parse_place(text: str) -> Place:
    """A place as it is written: ``tag:<name>``, ``custom_field:<id>``, ``match:<path>:<pattern>`` or a dotted path.

    Raises:
        ValueError: not readable, or it would keep a free text.
    """
    kind, _, rest = text.partition(":")
    if kind in ("tag", "custom_field"):
        if not rest:
            raise ValueError(f"{text!r} names nothing")
        return Place(kind, (rest,))  # type: ignore[arg-type]
    if kind == "match":
        path, _, pattern = rest.partition(":")
        if not path or not pattern:
            raise ValueError(f"{text!r} is not match:<path>:<pattern>")
        try:
            return Place("match", tuple(path.split(".")), re.compile(pattern))
        except re.error as error:
            raise ValueError(f"{text!r}: {error}") from None
    path = tuple(text.split("."))
    if not text or not all(path):
        raise ValueError(f"{text!r} is not a path")
    if is_private(path[-1]):
        raise ValueError(f"{text!r} may hold free text; match:{text}:<pattern> keeps only what the pattern finds")
    return Place("path", path)


class DeskPlaces(BaseModel):
    """Places and words of one desk.

    Attributes:
        fields: places of each field, the first that holds something wins.
        words: for each field, the desk's word -> ours; ``*`` stands for any other word.
        defaults: value of a field that was found nowhere.
        only: when given, a row counts only if one of these places holds something.
        tickets_are_rework: whether its tickets are human work on outcomes; otherwise they only carry clocks.
        handling_unit: unit of a number found for ``handling_minutes``.
        response_slas: pattern of names of SLAs whose clock measures the response; all others measure the resolution.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    fields: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    words: dict[str, dict[str, str]] = Field(default_factory=dict)
    defaults: dict[str, str] = Field(default_factory=dict)
    only: tuple[str, ...] = ()
    tickets_are_rework: bool = True
    handling_unit: Literal["seconds", "minutes", "hours"] = "minutes"
    response_slas: str = "(?i)respon|repl|acknowledg"

    _places: dict[str, tuple[Place, ...]] = PrivateAttr(default_factory=dict)
    _only: tuple[Place, ...] = PrivateAttr(default=())
    _words: dict[str, dict[str, str]] = PrivateAttr(default_factory=dict)

    @field_validator("words", mode="before")
    @classmethod
    def _texts(cls, words: Any) -> Any:
        """YAML reads ``1: critical`` as a number."""
        if not isinstance(words, dict) or not all(isinstance(table, dict) for table in words.values()):
            return words
        return {field: {str(word): ours for word, ours in table.items()} for field, table in words.items()}

    @field_validator("response_slas")
    @classmethod
    def _is_pattern(cls, pattern: str) -> str:
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(f"{pattern!r}: {error}") from None
        return pattern

    @model_validator(mode="after")
    def _compile(self) -> DeskPlaces:
        for named in (self.fields, self.words, self.defaults):
            if unknown := sorted(set(named) - set(ALLOWED)):
                raise ValueError(f"unknown field {', '.join(unknown)}; known are {', '.join(ALLOWED)}")
        meant = [(field, ours) for field, table in self.words.items() for ours in table.values()]
        for field, ours in [*meant, *self.defaults.items()]:
            if ALLOWED[field] and ours not in ALLOWED[field]:
                raise ValueError(f"{field}: {ours!r} is none of {', '.join(sorted(ALLOWED[field]))}")
        self._places.update({field: tuple(map(parse_place, places)) for field, places in self.fields.items()})
        self._only = tuple(map(parse_place, self.only))
        for field, table in self.words.items():
            self._words[field] = {plain_word(word): ours for word, ours in table.items()}
        return self

    def of(self, field: str) -> tuple[Place, ...]:
        """Places of a field, in order."""
        return self._places.get(field, ())

    def filters(self) -> tuple[Place, ...]:
        """Places of which one must hold something; empty when every row counts."""
        return self._only

    def translation(self, field: str) -> dict[str, str]:
        """The desk's words of a field, in plain form -> ours."""
        return self._words.get(field, {})

    def first_names(self) -> set[str]:
        """Names of the members that the places look at, for files that are read by column."""
        return {place.path[0] for place in self._all() if place.kind in ("path", "match")}

    def custom_names(self) -> set[str]:
        """Ids and names of the custom fields that the places look at."""
        return {place.path[0] for place in self._all() if place.kind == "custom_field"}

    def _all(self) -> list[Place]:
        return [*self._only, *(place for places in self._places.values() for place in places)]


class ZendeskPlaces(DeskPlaces):
    """Zendesk: and which of its ticket metrics stands for handling time where no field holds it."""

    minutes_from_metrics: Literal["agent_work", "full_resolution", "none"] = "agent_work"
    minutes_in: Literal["business", "calendar"] = "business"


class JiraPlaces(DeskPlaces):
    """Jira: and the statuses that mean done, for counting how often an issue was opened again; and, by landing folder,
    how CSV exports write their times."""

    done_statuses: tuple[str, ...] = ("done", "closed", "resolved")
    csv: dict[str, ExportTimes] = Field(default_factory=dict)

    @field_validator("csv")
    @classmethod
    def _folders(cls, csv: dict[str, ExportTimes]) -> dict[str, ExportTimes]:
        for folder in csv:
            if folder != "jira" and not folder.startswith("jira-"):
                raise ValueError(f"{folder!r} is no landing folder of Jira: jira or jira-<anything>")
        return csv


class PagerDutyPlaces(DeskPlaces):
    """PagerDuty: and minutes to resolution, by the word found for ``target``."""

    target_minutes: dict[str, float] = Field(default_factory=dict)


def plain_word(word: str) -> str:
    """A word as people mean it: ``Full Review``, ``full-review`` and ``full_review`` are one."""
    return re.sub(r"[\s_-]+", "_", word.strip().lower())
