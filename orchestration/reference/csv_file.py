"""Reading one reference file: every fault with its line, no value changed."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Problem:
    """One fault of the reference data.

    ``line`` is the line of the file (1 is the header) on which the record begins; ``column`` is a column name, or empty
    where the whole row or file is meant.
    """

    file: str
    line: int
    column: str
    reason: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" + (f" {self.column}" if self.column else "")
        return f"{place}: {self.reason}"


@dataclass(frozen=True)
class Record:
    """One row, by column name, and the line on which it begins."""

    line: int
    values: dict[str, str]


@dataclass
class CsvTable:
    """A reference file as read; ``problems`` says what could not be read."""

    file: str
    header: tuple[str, ...] = ()
    rows: list[Record] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def read_table(path: Path) -> CsvTable:
    """Read a CSV file (UTF-8, with or without byte order mark, any line ends; empty lines are skipped).

    Nothing is raised for a file that is not well formed: its problems are listed, and rows that do not fit the header
    are left out.
    """
    table = CsvTable(path.name)
    text = _decode(path.read_bytes(), table)
    if text is None:
        return table
    records = _records(text, table)
    first = next(records, None)
    if first is None:
        table.problems.append(Problem(table.file, 1, "", "the file is empty: not even a header"))
        return table
    line, cells = first
    table.header = tuple(cell.strip() for cell in cells)
    for name, count in Counter(table.header).items():
        if count > 1:
            table.problems.append(Problem(table.file, line, name, f"column appears {count} times"))
        if not name:
            table.problems.append(Problem(table.file, line, "", "a column has no name"))
    for line, cells in records:
        if len(cells) != len(table.header):
            reason = f"{len(cells)} values where the header has {len(table.header)} columns"
            table.problems.append(Problem(table.file, line, "", reason))
        else:
            table.rows.append(Record(line, dict(zip(table.header, cells, strict=True))))
    return table


def _decode(data: bytes, table: CsvTable) -> str | None:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        table.problems.append(Problem(table.file, line, "", "not UTF-8 text"))
        return None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        table.problems.append(Problem(table.file, line, "", "holds a NUL character"))
        return None
    return text


def _records(text: str, table: CsvTable) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            # Where quotes do not match, the end of the record is unknown: what follows cannot be trusted.
            table.problems.append(Problem(table.file, line, "", f"cannot be read as CSV: {error}"))
            return
        if cells:
            yield line, cells
