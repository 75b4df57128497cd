"""The sources that can be read. A new source is an entry here, its parser and a staging folder."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from . import tables
from .batches import RowReader
from .frames import ParseContext, Parser
from .json_lines import JsonLinesReader
from .litellm import LiteLLMParser
from .native import NativeParser
from .otel import OtelParser, OtelReader
from .privacy import Hasher
from .tables import Table


@dataclass(frozen=True)
class Family:
    """A kind of source. Its landing folders are ``<name>`` and ``<name>-<anything>``.

    Attributes:
        tables: where its rows land (each family fills one table today).
        needed: columns that a CSV or Parquet file must have; one name of each group is enough.
        make_parser: builds the parser of one ingest run.
        json_only: files of other formats are refused.
        json_reader: reader of its JSON files.
    """

    name: str
    description: str
    tables: tuple[Table, ...]
    needed: tuple[tuple[str, ...], ...]
    make_parser: Callable[[ParseContext], Parser]
    json_only: bool = False
    json_reader: Callable[[Iterator[bytes], int, Hasher], RowReader] = JsonLinesReader

    @property
    def table(self) -> Table:
        return self.tables[0]


def _needed(*names: str) -> tuple[tuple[str, ...], ...]:
    return tuple((name,) for name in names)


SOURCES: dict[str, Family] = {
    family.name: family
    for family in (
        Family(
            "inference",
            "attempts in the native format: JSON lines, CSV or Parquet",
            (tables.INFERENCE,),
            _needed("attempt_id", "provider", "model", "started_at", "status", "input_tokens", "output_tokens"),
            partial(NativeParser, "inference"),
        ),
        Family(
            "litellm",
            "LiteLLM spend-log rows (JSON lines or CSV) and standard logging payloads (JSON lines)",
            (tables.CALLS,),
            _needed("request_id", "startTime", "model", "prompt_tokens", "completion_tokens"),
            LiteLLMParser,
        ),
        Family(
            "otel",
            "OpenTelemetry GenAI and OpenInference spans as the collector's file exporter writes them",
            (tables.SPANS,),
            (),
            OtelParser,
            json_only=True,
            json_reader=OtelReader,
        ),
        Family(
            "rework",
            "states of rework tickets: JSON lines, CSV or Parquet",
            (tables.REWORK,),
            _needed("ticket_id", "opened_at", "updated_at", "severity", "kind", "status"),
            partial(NativeParser, "rework"),
        ),
        Family(
            "sla",
            "clocks of outcomes: JSON lines, CSV or Parquet",
            (tables.SLA,),
            _needed("event_id", "outcome_id", "metric", "started_at", "due_at", "updated_at"),
            partial(NativeParser, "sla"),
        ),
        Family(
            "outcomes",
            "decisions on outcomes: JSON lines, CSV or Parquet",
            (tables.OUTCOMES,),
            _needed("outcome_id", "use_case", "decision", "decided_at"),
            partial(NativeParser, "outcomes"),
        ),
    )
}
_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
# Landing folders that are part of the contract but are not read yet.
NOT_READ_YET = ("invoices",)


def family_of(source: str) -> Family | None:
    """The family of a landing folder; None for a folder that no family claims or whose name is not a plain word."""
    if not _PLAIN_NAME.fullmatch(source):
        return None
    family = SOURCES.get(source)
    if family is None:
        family = next((f for name, f in SOURCES.items() if source.startswith(f"{name}-")), None)
    return family
