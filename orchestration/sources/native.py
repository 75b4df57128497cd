"""The native formats: attempts, rework tickets, SLA clocks and decisions."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from orchestration.ingest.batches import Batch, Values
from orchestration.ingest.family import Connected, Family, each_of, one_a_line
from orchestration.ingest.fields import fields
from orchestration.ingest.frames import UTC_TIME, Field, Frame, ParseContext, Problems, clean_array, typed_column
from orchestration.ingest.privacy import (
    MAX_MEMBERS,
    MAX_RESCUED_TEXT,
    is_kept_as_is,
    is_plain_name,
    is_private,
    scrub,
    to_json,
)
from orchestration.ingest.reasons import BAD_TIME, INCONSISTENT_TOKENS
from orchestration.ingest.values import fold_id
from orchestration.sources import connections, native_units, tables

STATUSES = frozenset({"success", "error", "timeout", "rate_limited", "blocked"})
SERVICE_TIERS = frozenset({"standard", "batch", "flex", "priority"})
TASK_CLASSES = frozenset("ABC")
# Members that may hold the prompt, in the order in which one is taken for the prompt hash.
PROMPT_BODIES = ("prompt", "messages", "input")
MAX_HASH = 128
_BREAKS = frozenset(" {[")


FIELDS: dict[str, tuple[Field, ...]] = {
    "inference": fields(
        "attempt_id:id! request_id:id retry_of:id outcome_id:id? use_case? task_class:word? provider! model!"
        " service_tier:word started_at:time! ended_at:time latency_ms:duration status:word! input_tokens:integer!"
        " cache_read_tokens:integer cache_write_tokens:integer cache_write_1h_tokens:integer output_tokens:integer!"
        " reasoning_tokens:integer provider_request_id:id? region deployment"
        " cache_hit:boolean? input_valid:boolean? can_wait:boolean? prompt_hash? experiment? release_id?"
        " cost:money currency:currency",
        status=STATUSES,
        service_tier=SERVICE_TIERS,
        task_class=TASK_CLASSES,
    ),
    "rework": fields(
        "ticket_id:id! outcome_ids:ids use_case? opened_at:time! closed_at:time updated_at:time! severity:word!"
        " kind:word! cause:word? handling_minutes:minutes role cost:money currency:currency status:word!",
        severity=frozenset({"critical", "major", "minor"}),
        kind=frozenset({"correction", "full_review", "spot_check"}),
        cause=frozenset({"quality", "input", "policy", "timeout", "other"}),
        status=frozenset({"open", "closed", "void"}),
    ),
    "sla": fields(
        "event_id:id! outcome_id:id! use_case? metric:word! started_at:time! due_at:due! stopped_at:time"
        " updated_at:time! paused_minutes:minutes status:word",
        metric=frozenset({"response", "resolution"}),
        status=frozenset({"running", "stopped", "cancelled"}),
    ),
    "outcomes": fields(
        "outcome_id:id! use_case! decision:word! decided_at:time! decided_by_role?",
        decision=frozenset({"accepted", "rejected", "abandoned"}),
    ),
}
# (end, start): an end before its start is a bad time of the end.
TIME_ORDER = {
    "inference": ("ended_at", "started_at"),
    "rework": ("closed_at", "opened_at"),
    "sla": ("stopped_at", "started_at"),
}
# Names that a table's parser reads besides its fields.
ALSO_READ = {"inference": {*native_units.NAMES, *PROMPT_BODIES}, "rework": {"outcome_id"}}


class NativeParser:
    """Parser of one native table. See ``frames.Parser``."""

    def __init__(self, table_name: str, context: ParseContext) -> None:
        self._name = table_name
        self._context = context
        self._fields = FIELDS[table_name]
        self._known = {field.name for field in self._fields} | ALSO_READ.get(table_name, set())
        self._has_attributes = "attributes" in getattr(tables, table_name.upper()).columns

    def wants(self, name: str) -> bool:
        return name in self._known or not is_private(name)

    def parse(self, batch: Batch, *, lenient_numbers: bool) -> Frame:
        problems = Problems()
        columns: dict[str, pa.Array] = {}
        for field in self._fields:
            columns[field.name] = self._column(field, batch.values, problems, lenient_numbers)
        _RULES.get(self._name, lambda *_: None)(columns, problems)
        if self._name in TIME_ORDER:
            end, start = TIME_ORDER[self._name]
            problems.add_where(pc.less(columns[end], columns[start]), BAD_TIME, end)
        if self._name == "inference":
            columns["prompt_hash"] = self._prompt_hashes(columns["prompt_hash"], batch.values)
            columns |= native_units.unit_columns(batch.values, problems)
        rescued, attributes = rescue(batch.values, self._known)
        columns["_rescued"] = rescued
        if self._has_attributes:
            columns["attributes"] = native_units.with_stated(attributes, batch.values)
        return problems.split(columns, batch, self._context.hasher)

    def _column(self, field: Field, values: Values, problems: Problems, lenient: bool) -> pa.Array:
        array = values.array(field.name)
        clean = None if array is None else clean_array(field, array, self._context.latest)
        if clean is not None:
            return clean
        column = values.column(field.name)
        if field.name == "outcome_ids":
            column = list(map(fold_id, values.column("outcome_id"), column))
        return typed_column(field, column, problems, latest=self._context.latest, lenient=lenient)

    def _prompt_hashes(self, given: pa.Array, values: Values) -> pa.Array:
        hasher = self._context.hasher
        names = values.names()
        bodies = [name for name in PROMPT_BODIES if name in names] if given.null_count else []
        longest = pc.max(pc.utf8_length(given)).as_py() or 0
        if not bodies and longest <= MAX_HASH and not pc.any(pc.match_substring(given, " ")).as_py():
            return given
        hashes = given.to_pylist()
        for place, value in enumerate(hashes):
            # A text where a hash was promised is a prompt in the wrong place.
            if value is not None and (len(value) > MAX_HASH or " " in value):
                hashes[place] = hasher.of_prompt(value)
        for name in bodies:
            hashed: dict[int, str | None] = {}
            column = values.column(name)
            for place, body in enumerate(column):
                if hashes[place] is None and body is not None:
                    if id(body) not in hashed:
                        hashed[id(body)] = hasher.of_prompt(body)
                    hashes[place] = hashed[id(body)]
        return pa.array(hashes, pa.string())


def _inference_rules(columns: dict[str, pa.Array], problems: Problems) -> None:
    problems.add_where(
        pc.greater(columns["reasoning_tokens"], columns["output_tokens"]), INCONSISTENT_TOKENS, "reasoning_tokens"
    )
    latency = columns.pop("latency_ms")
    if columns["ended_at"].null_count and latency.null_count < len(latency):
        by_latency = pc.add(columns["started_at"].cast(pa.int64()), latency).cast(UTC_TIME)
        columns["ended_at"] = pc.coalesce(columns["ended_at"], by_latency)


def _sla_rules(columns: dict[str, pa.Array], problems: Problems) -> None:
    by_stop = pc.if_else(columns["stopped_at"].is_null(), "running", "stopped")
    columns["status"] = pc.coalesce(columns["status"], by_stop)


_RULES: dict[str, Callable[[dict[str, pa.Array], Problems], None]] = {
    "inference": _inference_rules,
    "sla": _sla_rules,
}


def rescue(values: Values, known: set[str]) -> tuple[pa.Array, pa.Array]:
    """Unknown fields after the privacy scrub as JSON text, and of these the members that are no objects or lists.

    A row's result depends on that row alone. The shorter way through a batch is taken only where the scrub itself would
    keep every value of every row, so that it saves time and changes nothing.
    """
    unknown = sorted(values.names() - known)
    if not unknown:
        nothing = pa.nulls(len(values), pa.string())
        return nothing, nothing
    named = [(name, values.column(name)) for name in unknown]
    if len(unknown) <= MAX_MEMBERS and all(_is_plain(name, column) for name, column in named):
        rows = list(zip(*(column for _, column in named), strict=True))
        types = [set(map(type, column)) - {type(None)} for _, column in named]
        # Equal values may be other JSON: 1, 1.0 and true; 0.0 and -0.0.
        if all(len(found) < 2 and float not in found for found in types):
            texts = {row: _plain_json(unknown, row) for row in set(rows)}
            plain = list(map(texts.__getitem__, rows))
        else:
            plain = [_plain_json(unknown, row) for row in rows]
        kept = pa.array(plain, pa.string())
        return kept, kept
    rescued: list[str | None] = []
    scalars: list[str | None] = []
    for place in range(len(values)):
        text, flat = _rescue_row({name: column[place] for name, column in named if column[place] is not None})
        rescued.append(text)
        scalars.append(flat)
    return pa.array(rescued, pa.string()), pa.array(scalars, pa.string())


def _is_plain(name: str, column: list[Any]) -> bool:
    """Whether the scrub would keep every value of a column as it is, and none of them is an object or a list."""
    types = set(map(type, column)) - {type(None)}
    # A field of this name would stand in for the count of what was dropped.
    if not is_plain_name(name) or name == "_dropped":
        return False
    if types <= {int, bool, float}:
        return True
    if types != {str} or is_private(name):
        return False
    words = {word for word in column if word is not None}
    together = "".join(words)
    if together.isascii() and together.isprintable() and "" not in words and _BREAKS.isdisjoint(together):
        # Without a blank there is one word, without a bracket no JSON: only the length is left to judge.
        return max(map(len, words)) <= MAX_RESCUED_TEXT
    return all(map(is_kept_as_is, words))


def _plain_json(names: list[str], row: tuple[Any, ...]) -> str | None:
    members = {name: value for name, value in zip(names, row, strict=True) if value is not None}
    return to_json(members) if members else None


def _rescue_row(extras: dict[str, Any]) -> tuple[str | None, str | None]:
    kept = scrub(extras) if extras else None
    if kept is None:
        return None, None
    text = to_json(kept)
    if "_dropped" not in kept and not any(type(value) in (dict, list) for value in kept.values()):
        return text, text
    flat = {name: value for name, value in kept.items() if name != "_dropped" and type(value) not in (dict, list)}
    return text, to_json(flat) if flat else None


INFERENCE = Family(
    name="inference",
    description="attempts in the native format: JSON lines, CSV or Parquet",
    tables=(tables.INFERENCE,),
    needed=each_of("attempt_id", "provider", "model", "started_at", "status", "input_tokens", "output_tokens"),
    make_parser=partial(NativeParser, "inference"),
    fields=FIELDS["inference"],
    layout=one_a_line("attempt_id", fields=FIELDS["inference"]),
    connected=(
        connections.of_attempts(
            tables.INFERENCE,
            connections.attempt("attempt_id"),
            connections.attempt("retry_of"),
            # A sender may name a request after one of its attempts, so both share one space of names.
            connections.attempt("request_id"),
            counts_searches=True,
        ),
    ),
    # Its links may be left out.
    has_retry_window=True,
)
REWORK = Family(
    name="rework",
    description="states of rework tickets: JSON lines, CSV or Parquet",
    tables=(tables.REWORK,),
    needed=each_of("ticket_id", "opened_at", "updated_at", "severity", "kind", "status"),
    make_parser=partial(NativeParser, "rework"),
    fields=FIELDS["rework"],
    layout=one_a_line("ticket_id", fields=FIELDS["rework"]),
    connected=(
        Connected(
            tables.REWORK,
            "updated_at",
            ("opened_at", "coalesce(closed_at, updated_at)"),
            ("coalesce(closed_at, updated_at)",),
            (connections.OUTCOMES, connections.ticket("ticket_id")),
        ),
    ),
)
SLA = Family(
    name="sla",
    description="clocks of outcomes: JSON lines, CSV or Parquet",
    tables=(tables.SLA,),
    needed=each_of("event_id", "outcome_id", "metric", "started_at", "due_at", "updated_at"),
    make_parser=partial(NativeParser, "sla"),
    fields=FIELDS["sla"],
    layout=one_a_line("event_id", fields=FIELDS["sla"]),
    connected=(
        Connected(
            tables.SLA,
            "updated_at",
            ("started_at", "due_at"),
            ("due_at",),
            (connections.OUTCOME, connections.clock("event_id")),
        ),
    ),
)
OUTCOMES = Family(
    name="outcomes",
    description="decisions on outcomes: JSON lines, CSV or Parquet",
    tables=(tables.OUTCOMES,),
    needed=each_of("outcome_id", "use_case", "decision", "decided_at"),
    make_parser=partial(NativeParser, "outcomes"),
    fields=FIELDS["outcomes"],
    layout=one_a_line("outcome_id", fields=FIELDS["outcomes"]),
    connected=(Connected(tables.OUTCOMES, "decided_at", ("decided_at",), ("decided_at",), (connections.OUTCOME,)),),
)
