"""Read-only queries on what is published."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import duckdb
from rich.table import Table

from orchestration.commands.console import CommandError, out, plain
from orchestration.publish.reader import open_published
from orchestration.settings import Settings

FORMATS = ("table", "csv", "json")
# Spreadsheets take a cell that begins with one of these for a formula.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
# A terminal is for looking; csv and json give everything.
TABLE_ROWS = 200


def run_query(settings: Settings, query: str, output_format: str) -> None:
    """Print the answer to a query.

    Raises:
        CommandError: the format does not exist, nothing is published, or DuckDB refuses the query.
    """
    if output_format not in FORMATS:
        raise CommandError(f"no format {output_format!r}; there are {', '.join(FORMATS)}")
    with open_published(settings) as con:
        try:
            cursor = con.execute(query)
            names = [column[0] for column in cursor.description or []]
            rows = cursor.fetchall() if names else []
        except duckdb.Error as error:
            raise CommandError(str(error).strip()) from error
    if output_format == "csv":
        print(to_csv(names, rows), end="")
    elif output_format == "json":
        print(to_json(names, rows))
    else:
        _print_table(names, rows)


def to_csv(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """CSV with a header. Text that a spreadsheet would run as a formula gets a leading apostrophe; numbers do not."""
    lines = [_csv_line([_cell(name) for name in names])]
    lines += [_csv_line([_cell(value) for value in row]) for row in rows]
    return "".join(lines)


def to_json(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A JSON list with one object a row. Decimals keep all their digits; what is no number is null."""
    lines = []
    for row in rows:
        members = ", ".join(f"{json.dumps(name)}: {_json(value)}" for name, value in zip(names, row, strict=True))
        lines.append("{" + members + "}")
    return "[" + ",\n ".join(lines) + "]"


def shown(value: Any) -> str:
    """A value as a person reads it: money without trailing zeros, ratios with six digits, instants in UTC."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        text = format(value, "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    if isinstance(value, float):
        return format(value, ".6g")
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    return str(value)


def _csv_line(cells: Sequence[Any]) -> str:
    # The writer only quotes the characters of its own line end; with both, a carriage return cannot start a new row.
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(cells)
    return text.getvalue().removesuffix("\r\n") + "\n"


def _cell(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, Decimal):
        return format(value, "f")
    text = value.isoformat() if isinstance(value, (date, datetime, time)) else str(value)
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def _json(value: Any) -> str:
    if isinstance(value, Decimal):
        return format(value, "f") if value.is_finite() else "null"
    if isinstance(value, float):
        return json.dumps(value) if math.isfinite(value) else "null"
    if value is None or isinstance(value, (bool, int, str)):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(str(key))}: {_json(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_json(item) for item in value) + "]"
    if isinstance(value, (date, datetime, time)):
        return json.dumps(value.isoformat())
    if isinstance(value, timedelta):
        return json.dumps(value.total_seconds())
    return json.dumps(str(value), ensure_ascii=False)


def _print_table(names: list[str], rows: list[tuple[Any, ...]]) -> None:
    table = Table(show_edge=False, pad_edge=False)
    for position, name in enumerate(names):
        numeric = any(isinstance(row[position], (int, float, Decimal)) for row in rows[:20])
        table.add_column(plain(name), justify="right" if numeric else "left", overflow="fold")
    for row in rows[:TABLE_ROWS]:
        table.add_row(*(plain(shown(value)) for value in row))
    out.print(table)
    if len(rows) > TABLE_ROWS:
        out.print(f"{len(rows) - TABLE_ROWS:,} more rows; --format csv prints all of them")
