"""Costs that no log has: seats, gateways, vector stores, observability, machines, subscriptions; native rows."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from orchestration.ingest.batches import Batch, Values
from orchestration.ingest.family import Family, each_of, one_a_line
from orchestration.ingest.fields import fields
from orchestration.ingest.frames import Frame, ParseContext, Problems, typed_column
from orchestration.ingest.privacy import is_private
from orchestration.ingest.reasons import BAD_TIME
from orchestration.ingest.tables import Table, columns_of
from orchestration.ingest.values import instant
from orchestration.settings import project_vars
from orchestration.sources.native import rescue

CATEGORIES = frozenset({"seats", "gateway", "retrieval", "observability", "compute", "tools", "other"})
# Longer than any contract: a slip of the year would be shared out over a century of days.
MAX_DAYS = 3_660
COSTS = Table(
    schema="native",
    name="costs",
    columns=columns_of(
        "cost_id, period_start:t, period_end:t, amount:m, currency, provider, category, use_case, rule, updated_at:t"
    ),
    key=("cost_id",),
    event_time="period_start",
    rank=("coalesce(updated_at, TIMESTAMPTZ '1970-01-01 00:00:00+00')", "_row_hash"),
)
FIELDS = fields(
    "cost_id:id! period_start:due! period_end:due! amount:charge! currency:currency! provider? category:word? use_case?"
    " rule? updated_at:time",
    category=CATEGORIES,
)
_KNOWN = {"day", *(field.name for field in FIELDS)}
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


class CostParser:
    """Parser of ``native.costs``. See ``frames.Parser``."""

    def __init__(self, context: ParseContext) -> None:
        self._context = context
        self._zone = ZoneInfo(project_vars().reporting_time_zone)

    def wants(self, name: str) -> bool:
        return name in _KNOWN or not is_private(name)

    def parse(self, batch: Batch, *, lenient_numbers: bool) -> Frame:
        problems = Problems()
        given = {field.name: batch.values.column(field.name) for field in FIELDS}
        given["period_start"], given["period_end"] = self._periods(batch.values)
        columns: dict[str, pa.Array] = {
            field.name: typed_column(
                field, given[field.name], problems, latest=self._context.latest, lenient=lenient_numbers
            )
            for field in FIELDS
        }
        length = pc.subtract(columns["period_end"], columns["period_start"])
        problems.add_where(pc.less_equal(length, timedelta(0)), BAD_TIME, "period_end")
        problems.add_where(pc.greater(length, timedelta(days=MAX_DAYS)), BAD_TIME, "period_end")
        columns["_rescued"], _ = rescue(batch.values, _KNOWN)
        return problems.split(columns, batch, self._context.hasher)

    def _periods(self, values: Values) -> tuple[list[Any], list[Any]]:
        """Start and end of each row's period; a row without one has that of its day."""
        starts, ends = [], []
        rows = zip(*(values.column(name) for name in ("day", "period_start", "period_end")), strict=True)
        for day, start, end in rows:
            if _is_blank(start) and _is_blank(end):
                start, end = self._begin(day, days_later=0), self._begin(day, days_later=1)
            starts.append(self._begin(start))
            ends.append(self._begin(end))
        return starts, ends

    def _begin(self, value: Any, *, days_later: int | None = None) -> Any:
        """Midnight in the reporting zone for a date, and with ``days_later`` also for a moment: that many days after
        the day that holds it. What cannot be read is handed on as it came, for the field to refuse."""
        found: Any = value
        if type(value) is str and _DATE.fullmatch(value.strip()):
            try:
                found = date.fromisoformat(value.strip())
            except ValueError:
                return value
        if days_later is not None and type(found) is not date:
            moment = instant(found)
            if not isinstance(moment, datetime):
                return value
            found = moment.astimezone(self._zone).date()
        if type(found) is not date:
            return value
        try:
            return datetime.combine(found + timedelta(days=days_later or 0), time(0), self._zone).astimezone(UTC)
        except OverflowError:
            return value


def _is_blank(value: Any) -> bool:
    return value is None or (type(value) is str and not value.strip())


SOURCE = Family(
    name="costs",
    description="costs that no log has, by day or period: JSON lines, CSV or Parquet",
    tables=(COSTS,),
    needed=(*each_of("cost_id", "amount", "currency"), ("day", "period_start")),
    make_parser=CostParser,
    fields=FIELDS,
    layout=one_a_line("cost_id"),
    unconnected="costs are shared out over all days anew; no figure of an attempt or outcome depends on them",
)
