"""Usage and cost reports of OpenAI and Anthropic. They are bucketed, so they reconcile attempts and never are any."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from orchestration.ingest.batches import Batch, Objects
from orchestration.ingest.family import Family
from orchestration.ingest.fields import fields
from orchestration.ingest.frames import Field, Frame, ParseContext, Problems, typed_column
from orchestration.ingest.layouts import Layout
from orchestration.ingest.reasons import BAD_TIME, INCONSISTENT_TOKENS, UNKNOWN_SHAPE
from orchestration.ingest.tables import Table
from orchestration.ingest.values import signed
from orchestration.sources import invoice_tables
from orchestration.sources.places import ReportUnits

_BUCKET = "bucket_start:time! bucket_end:due!"
OPENAI_USAGE: tuple[Field, ...] = fields(
    f"report! {_BUCKET} model project_id service_tier is_batch:boolean input_tokens:total input_uncached_tokens:total"
    " input_cached_tokens:total input_cache_write_tokens:total input_audio_tokens:total input_image_tokens:total"
    " input_cached_audio_tokens:total input_cached_image_tokens:total output_tokens:total output_audio_tokens:total"
    " output_image_tokens:total requests:total sessions:total images:total characters:total seconds:total bytes:total"
)
OPENAI_COSTS: tuple[Field, ...] = fields(
    f"{_BUCKET} line_item project_id quantity:stated quantity_unit amount:stated! currency:currency!"
)
ANTHROPIC_USAGE: tuple[Field, ...] = fields(
    f"{_BUCKET} model workspace_id service_tier context_window inference_geo uncached_input_tokens:total"
    " cache_read_tokens:total cache_write_tokens:total cache_write_1h_tokens:total output_tokens:total"
    " web_search_requests:total"
)
ANTHROPIC_COSTS: tuple[Field, ...] = fields(
    f"{_BUCKET} workspace_id description cost_type model service_tier context_window token_type inference_geo"
    " amount:stated! currency:currency!"
)
# Names that differ from ours.
_OPENAI_NAMES = {
    "is_batch": "batch",
    "requests": "num_model_requests",
    "sessions": "num_sessions",
    "bytes": "usage_bytes",
}
_OPENAI_OBJECT = re.compile(r"organization\.usage\.([a-z_]+)\.result")


def _results(value: dict[str, Any]) -> list[Any]:
    """Each result of a bucket, with the bucket."""
    if type(value.get("results")) is not list:
        # One row without a result, so that it is seen and refused.
        return [{"bucket": {}, "result": None}]
    bucket = {name: member for name, member in value.items() if name != "results"}
    return [{"bucket": bucket, "result": result} for result in value["results"]]


LAYOUT = Layout(marks=frozenset({"results"}), unfold=_results)


class _ReportParser(ABC):
    """Splits results into usage and costs. See ``frames.Parser``."""

    usage_table: Table
    costs_table: Table
    usage_fields: tuple[Field, ...]
    costs_fields: tuple[Field, ...]

    def __init__(self, context: ParseContext) -> None:
        self._context = context

    def wants(self, name: str) -> bool:
        return False

    @abstractmethod
    def flatten(self, bucket: dict[str, Any], result: dict[str, Any]) -> dict[str, Any]:
        """A result as a row of its table."""

    def parse(self, batch: Batch, *, lenient_numbers: bool) -> list[Frame]:
        costs: list[int] = []
        usage: list[int] = []
        rows = batch.values.objects()
        for place, row in enumerate(rows):
            result = row["result"]
            (costs if type(result) is dict and "amount" in result else usage).append(place)
        usage_part = self._part(batch, rows, usage, self.usage_fields, self.usage_table)
        usage_part.quarantined.extend(batch.quarantined)
        return [usage_part, self._part(batch, rows, costs, self.costs_fields, self.costs_table)]

    def _part(
        self, batch: Batch, rows: list[dict[str, Any]], places: list[int], wanted: tuple[Field, ...], table: Table
    ) -> Frame:
        problems = Problems()
        flat: list[dict[str, Any]] = []
        for place, row in enumerate(rows[number] for number in places):
            if type(row["result"]) is not dict:
                problems.add(place, UNKNOWN_SHAPE, "results")
                flat.append({})
                continue
            flat.append(self.flatten(row["bucket"], row["result"]))
        values = Objects(flat)
        columns: dict[str, pa.Array] = {
            field.name: typed_column(field, values.column(field.name), problems, latest=self._context.latest)
            for field in wanted
        }
        ends_early = pc.less_equal(columns["bucket_end"], columns["bucket_start"])
        problems.add_where(ends_early, BAD_TIME, "bucket_end")
        if table is invoice_tables.OPENAI_USAGE:
            problems.add_where(_cached_more_than_all(columns), INCONSISTENT_TOKENS, "input_cached_tokens")
        columns["_rescued"] = pa.nulls(len(places), pa.string())
        part = Batch(values, [batch.line_nos[n] for n in places], [batch.row_nos[n] for n in places])
        frame = problems.split(columns, part, self._context.hasher)
        frame.table = table
        return frame


def _cached_more_than_all(columns: dict[str, pa.Array]) -> pa.Array:
    read, written, whole = (
        pc.fill_null(columns[f"{name}_tokens"], 0) for name in ("input_cached", "input_cache_write", "input")
    )
    return pc.greater(pc.add(read, written), whole)


def _in_currency(amount: Any, unit: str) -> Any:
    """An amount in whole units of its currency; what is no number stays as it is and is refused later."""
    if unit != "cents" or isinstance(exact := signed(amount, scale=14), str) or exact is None:
        return amount
    return exact / Decimal(100)


class OpenAIParser(_ReportParser):
    """Reports of OpenAI: the pages of its usage endpoints and of its costs endpoint."""

    usage_table, costs_table = invoice_tables.OPENAI_USAGE, invoice_tables.OPENAI_COSTS
    usage_fields, costs_fields = OPENAI_USAGE, OPENAI_COSTS

    def flatten(self, bucket: dict[str, Any], result: dict[str, Any]) -> dict[str, Any]:
        moments = {"bucket_start": bucket.get("start_time"), "bucket_end": bucket.get("end_time")}
        if "amount" in result:
            amount = result["amount"]
            value, currency = (amount.get("value"), amount.get("currency")) if type(amount) is dict else (amount, None)
            stated = {name: result.get(name) for name in ("line_item", "project_id", "quantity", "quantity_unit")}
            unit = self._context.places.cost_unit
            return {**moments, **stated, "amount": _in_currency(value, unit), "currency": currency}
        named = _OPENAI_OBJECT.fullmatch(str(result.get("object")))
        counts = {field.name: result.get(_OPENAI_NAMES.get(field.name, field.name)) for field in self.usage_fields}
        if type(counts["requests"]) is not int:
            counts["requests"] = result.get("num_requests")
        return {**counts, **moments, "report": named[1] if named else None}


class AnthropicParser(_ReportParser):
    """Reports of Anthropic: the pages of its messages usage report and of its cost report."""

    usage_table, costs_table = invoice_tables.ANTHROPIC_USAGE, invoice_tables.ANTHROPIC_COSTS
    usage_fields, costs_fields = ANTHROPIC_USAGE, ANTHROPIC_COSTS

    def flatten(self, bucket: dict[str, Any], result: dict[str, Any]) -> dict[str, Any]:
        moments = {"bucket_start": bucket.get("starting_at"), "bucket_end": bucket.get("ending_at")}
        if "amount" in result:
            stated = {field.name: result.get(field.name) for field in self.costs_fields}
            unit = self._context.places.cost_unit
            return {**stated, **moments, "amount": _in_currency(result["amount"], unit)}
        stated = {field.name: result.get(field.name) for field in self.usage_fields}
        written, tools = _inner(result, "cache_creation"), _inner(result, "server_tool_use")
        return {
            **stated,
            **moments,
            "cache_read_tokens": result.get("cache_read_input_tokens"),
            "cache_write_tokens": _either(
                written.get("ephemeral_5m_input_tokens"), result.get("cache_creation_ephemeral_5m_input_tokens")
            ),
            "cache_write_1h_tokens": _either(
                written.get("ephemeral_1h_input_tokens"), result.get("cache_creation_ephemeral_1h_input_tokens")
            ),
            "web_search_requests": _either(tools.get("web_search_requests"), result.get("web_search_requests")),
        }


def _inner(result: dict[str, Any], name: str) -> dict[str, Any]:
    value = result.get(name)
    return value if type(value) is dict else {}


def _either(nested: Any, flat: Any) -> Any:
    """The API nests what exports write flat."""
    return flat if nested is None else nested


_UNCONNECTED = "a report is compared with all attempts and changes none"
OPENAI = Family(
    name="openai_usage",
    description="usage and cost reports of OpenAI, in the pages that its API returns",
    tables=(invoice_tables.OPENAI_USAGE, invoice_tables.OPENAI_COSTS),
    make_parser=OpenAIParser,
    formats=("json",),
    layout=LAYOUT,
    unconnected=_UNCONNECTED,
    places=ReportUnits(),
)
ANTHROPIC = Family(
    name="anthropic_usage",
    description="usage and cost reports of Anthropic, in the pages that its API returns",
    tables=(invoice_tables.ANTHROPIC_USAGE, invoice_tables.ANTHROPIC_COSTS),
    make_parser=AnthropicParser,
    formats=("json",),
    layout=LAYOUT,
    unconnected=_UNCONNECTED,
    places=ReportUnits(cost_unit="cents"),
)
