"""What a source declares of itself: all that the engine, the plan of days and the checks have to know of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from pydantic import BaseModel

from orchestration.ingest.frames import Field, ParseContext, Parser, json_types
from orchestration.ingest.layouts import Layout
from orchestration.ingest.tables import Table


class DeclarationError(ValueError):
    """A source does not say all that has to be known of it; the text names the source and what is missing."""


@dataclass(frozen=True)
class Connected:
    """How rows of a landed table are connected, and the days they stand on.

    Attributes:
        table: the landed table.
        visible_at: instant from which a run uses the row.
        instants: SQL instants on whose days something of the row stands.
        looked_up_at: SQL instants at which reference data are looked up for the row.
        keys: SQL expressions, each a key (or a list of keys) shared with the rows it is computed together with.
        inner_instants: SQL list of further instants on whose days something of the row stands; empty when there are
            none. Reference data are not looked up on these days.
        counts_searches: whether the table counts web searches, which may use a pool of free ones.
        holds_attempts: whether its rows are attempts.
        attempts: SQL aggregate that counts the attempts of its current rows without the models that find them; empty
            where that would repeat a rule.
        is_desk: whether it has the columns that all desks' tickets share.
    """

    table: Table
    visible_at: str
    instants: tuple[str, ...]
    looked_up_at: tuple[str, ...]
    keys: tuple[str, ...]
    inner_instants: str = ""
    counts_searches: bool = False
    holds_attempts: bool = False
    attempts: str = ""
    is_desk: bool = False


@dataclass(frozen=True, kw_only=True)
class Family:
    """A kind of source. Its landing folders are ``<name>`` and ``<name>-<anything>``.

    Attributes:
        tables: where its rows land; most families have one.
        needed: columns that a CSV or Parquet file must have; one name of each group is enough.
        make_parser: builds the parser of one ingest run.
        connected: of each table, how its rows are connected and on which days they stand.
        unconnected: where tables are left out of ``connected``, why their rows belong to no days.
        has_retry_window: of a source of attempts, whether the retry window joins attempts because rows carry no links
            between them; None for a source of no attempts.
        places: what ``sources.yml`` may say of it, with the values that hold where nobody says anything; None where
            it may say nothing.
        fields: what its rows hold.
        formats: what its files may be; others are refused.
        layout: where its rows lie in JSON.
        named_once: where the header of a CSV file may name a column several times, the columns that it must not; None
            where it never may. The values of such columns are lists.

    Raises:
        DeclarationError: something is missing, or says what cannot be.
    """

    name: str
    description: str
    make_parser: Callable[[ParseContext], Parser]
    tables: tuple[Table, ...] = ()
    needed: tuple[tuple[str, ...], ...] = ()
    connected: tuple[Connected, ...] = ()
    unconnected: str = ""
    has_retry_window: bool | None = None
    places: BaseModel | None = None
    fields: tuple[Field, ...] = ()
    formats: tuple[str, ...] = ("json", "csv", "parquet")
    layout: Layout = field(default_factory=Layout)
    named_once: frozenset[str] | None = None

    def __post_init__(self) -> None:
        if missing := [*self._missing_of_files(), *self._missing_of_days()]:
            raise DeclarationError("\n".join(f"source {self.name}: {sentence}" for sentence in missing))

    def _missing_of_files(self) -> list[str]:
        missing = []
        if not self.tables:
            missing.append("`tables` is missing: say where its rows land")
        if not self.formats or not {"json", "csv", "parquet"}.issuperset(self.formats):
            missing.append(f"`formats` is {self.formats}: say at least one of json, csv and parquet, and no other")
        if {"csv", "parquet"} & set(self.formats) and not self.needed:
            missing.append("`needed` is missing: say which columns a CSV or Parquet file must have, or allow only json")
        if "json" in self.formats and not self.layout.marks:
            missing.append("`layout` has no marks: say which names tell a row from a page around rows")
        for table in self.tables:
            named = {*table.key, *table.line, table.event_time}
            missing.extend(
                f"{table.full_name} has no column {name}, which its key, line or event time names"
                for name in sorted(named - table.columns.keys())
            )
        return missing

    def _missing_of_days(self) -> list[str]:
        missing = []
        connected = {found.table.full_name for found in self.connected}
        tables = {table.full_name for table in self.tables}
        missing.extend(
            f"`connected` names {table}, which is none of its tables" for table in sorted(connected - tables)
        )
        left_out = sorted(tables - connected)
        if left_out and not self.unconnected:
            missing.append(
                f"`connected` is missing for {', '.join(left_out)}: say which keys rows share and on which days they"
                " stand, or a late row leaves old figures; where rows belong to no days, say why in `unconnected`"
            )
        if self.unconnected and not left_out:
            missing.append("`unconnected` gives a reason, but every table is connected")
        has_attempts = any(found.holds_attempts for found in self.connected)
        if has_attempts and self.has_retry_window is None:
            missing.append("`has_retry_window` is missing: say whether its attempts lack links to those they repeat")
        if not has_attempts and self.has_retry_window is not None:
            missing.append("`has_retry_window` is given, but none of its tables holds attempts")
        return missing

    @property
    def table(self) -> Table:
        """The table of rows whose frame names none."""
        return self.tables[0]

    @property
    def labels(self) -> dict[str, Field]:
        """Its fields whose unusable values are unknown instead of refusing the row, by name."""
        return {field.name: field for field in self.fields if field.is_label}


def each_of(*names: str) -> tuple[tuple[str, ...], ...]:
    """Columns that a file must have, where none has a second name."""
    return tuple((name,) for name in names)


def one_a_line(*marks: str, fields: tuple[Field, ...] = ()) -> Layout:
    """Of rows that are one object a line; ``fields`` where they have the names of our own."""
    return Layout(marks=frozenset(marks), has_long_rows=False, types=json_types(fields))
