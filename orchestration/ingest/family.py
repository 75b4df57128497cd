"""What the engine has to know of a kind of source."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from orchestration.ingest.frames import Field, ParseContext, Parser
from orchestration.ingest.layouts import Layout
from orchestration.ingest.tables import Table


@dataclass(frozen=True)
class Family:
    """A kind of source. Its landing folders are ``<name>`` and ``<name>-<anything>``.

    Attributes:
        tables: where its rows land; most families have one.
        needed: columns that a CSV or Parquet file must have; one name of each group is enough.
        make_parser: builds the parser of one ingest run.
        fields: what its rows hold.
        formats: what its files may be; others are refused.
        layout: where its rows lie in JSON.
        named_once: where the header of a CSV file may name a column several times, the columns that it must not; None
            where it never may. The values of such columns are lists.
    """

    name: str
    description: str
    tables: tuple[Table, ...]
    needed: tuple[tuple[str, ...], ...]
    make_parser: Callable[[ParseContext], Parser]
    fields: tuple[Field, ...] = ()
    formats: tuple[str, ...] = ("json", "csv", "parquet")
    layout: Layout = field(default_factory=Layout)
    named_once: frozenset[str] | None = None

    @property
    def table(self) -> Table:
        """The table of rows whose frame names none."""
        return self.tables[0]

    @property
    def labels(self) -> dict[str, Field]:
        """Its fields whose unusable values are unknown instead of refusing the row, by name."""
        return {field.name: field for field in self.fields if field.is_label}
