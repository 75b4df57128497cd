"""Our AI cost as a file for other FinOps tools, in the columns of FOCUS 1.2."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Any

from orchestration.commands.console import CommandError, out, plain
from orchestration.commands.sql import to_csv
from orchestration.publish.reader import open_published
from orchestration.settings import Settings

MART = "focus_cost_and_usage"
_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")


def run_focus(settings: Settings, target: Path, *, month: str | None) -> None:
    """Write the published mart to a CSV or Parquet file, whichever the name ends in.

    Raises:
        CommandError: the name ends in neither, the month is none, or nothing is published yet.
    """
    if target.suffix not in (".csv", ".parquet"):
        raise CommandError(f"{target.name}: the file must end in .csv or .parquet")
    if month is not None and not _MONTH.fullmatch(month):
        raise CommandError(f"{month!r} is no month; write it as 2026-08")
    rows = write_focus(settings, target, month=month)
    out.print(plain(f"{rows} rows written to {target}"), style="green")


def write_focus(settings: Settings, target: Path, *, month: str | None = None) -> int:
    """Write all rows, or those of one month, in a fixed order; returns their number."""
    condition = "true" if month is None else "strftime(x_Day, '%Y-%m') = $month"
    query = f"SELECT * FROM {MART} WHERE {condition} ORDER BY x_Day, x_Owner, x_UseCase, SkuPriceId"
    with open_published(settings) as con:
        found = con.sql(query, params={} if month is None else {"month": month})
        if target.suffix == ".parquet":
            import pyarrow.parquet as pq

            table = found.to_arrow_table()
            pq.write_table(table, target, compression="zstd")
            return len(table)
        names = found.columns
        rows = [[_moment(value) for value in row] for row in found.fetchall()]
    target.write_text(to_csv(names, rows), encoding="utf-8", newline="")
    return len(rows)


def _moment(value: Any) -> Any:
    """Times as the specification writes them: UTC, with ``Z``."""
    return value.strftime("%Y-%m-%dT%H:%M:%SZ") if isinstance(value, datetime) else value
