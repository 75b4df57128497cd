"""The files of a landing folder as rows, dealt out anew: to other days, formats, compressions and orders."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

# Sources whose lines have no identity: their delivery's name says what they are.
STATEMENTS = ("invoices", "openai_usage", "anthropic_usage")
_ISO_TIME = re.compile(r"2026-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]")
_SPAN_END = re.compile(r'"endTimeUnixNano":"([0-9]{19})"')
_EPOCH_END = re.compile(r'"endTime":([0-9.]+)')


@dataclass(frozen=True)
class Line:
    """One line of a landing file without its line end, or one row of a table, and where it came from."""

    source: str
    content: bytes
    header: tuple[str, ...] = ()
    # Path of the delivery, where it says which issue of a statement the line is of; else empty.
    delivery: str = ""


def lines_of(landing: Path) -> list[Line]:
    """Every line of every file, broken ones too; CSV records keep their header, Parquet rows become JSON lines, and
    lines of statements the name of their delivery."""
    found: list[Line] = []
    for path in sorted(p for p in landing.rglob("*") if p.is_file()):
        source = path.relative_to(landing).parts[0]
        name = path.name.removesuffix(".gz").removesuffix(".zst")
        delivery = ""
        if source in STATEMENTS:
            delivery = path.relative_to(landing / source).with_name(name.rpartition(".")[0]).as_posix()
        if name.endswith(".parquet"):
            rows = pq.read_table(path).to_pylist()
            found += [Line(source, json.dumps(_plain(row), default=_iso).encode(), delivery=delivery) for row in rows]
            continue
        content = plain_bytes(path)
        if name.endswith(".csv"):
            header, *records = csv.reader(io.StringIO(content.decode(), newline=""))
            found += [Line(source, _csv_line(record), tuple(header), delivery) for record in records]
        else:
            found += [Line(source, line, delivery=delivery) for line in content.split(b"\n") if line]
    return found


def write_lines(landing: Path, lines: list[Line], name: str, random: Random) -> None:
    """Write lines as files of all compressions, several files a source; lines of a statement as parts of it."""
    files: dict[tuple[str, tuple[str, ...], str, int], list[bytes]] = defaultdict(list)
    for line in lines:
        files[line.source, line.header, line.delivery, random.randrange(3)].append(line.content)
    for (source, header, delivery, part), contents in files.items():
        suffix = random.choice(("", ".gz", ".zst"))
        kind = "csv" if header else "jsonl"
        body = b"".join(content + b"\n" for content in contents)
        if header:
            body = _csv_line(list(header)) + b"\n" + body
        stem = f"{delivery}-part-{part}" if delivery else f"{part}-{random.randrange(10**9)}"
        path = landing / source / name / f"{stem}.{kind}{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_compressed(body, suffix))


def in_another_format(landing: Path, source: str, lines: list[Line], random: Random) -> list[Line]:
    """Write the readable JSON rows of a native source as CSV and Parquet; returns the lines that were not."""
    rows, rest = [], []
    for line in lines:
        row = None
        if line.source == source and not line.header:
            try:
                row = json.loads(line.content)
            except ValueError:
                row = None
        # A number or a null in the wrong place would be another row as text.
        if isinstance(row, dict) and all(isinstance(v, str | int | float | bool | list) for v in row.values()):
            rows.append(row)
        else:
            rest.append(line)
    random.shuffle(rows)
    columns = sorted({name for row in rows for name in row})
    folder = landing / source / "other-format"
    folder.mkdir(parents=True, exist_ok=True)
    half = len(rows) // 2
    text = b"".join([_csv_line(columns) + b"\n", *(_csv_line([_cell(r.get(c)) for c in columns]) + b"\n"
                                                   for r in rows[:half])])  # fmt: skip
    (folder / "rows.csv.gz").write_bytes(gzip.compress(text))
    arrays = {name: [_cell(row[name]) if name in row else None for row in rows[half:]] for name in columns}
    pq.write_table(pa.table({name: pa.array(v, pa.string()) for name, v in arrays.items()}), folder / "rows.parquet")
    return rest


def deal(lines: list[Line], first: datetime, days: int, parts: int) -> list[list[Line]]:
    """Lines by the time that they name first, in so many equal spans of time; lines without one come first."""
    dealt: list[list[Line]] = [[] for _ in range(parts)]
    for line in lines:
        at = _time_of(line.content)
        place = 0 if at is None else int((at - first) / timedelta(days=days) * parts)
        dealt[min(max(place, 0), parts - 1)].append(line)
    return dealt


def _time_of(content: bytes) -> datetime | None:
    """The latest time in a row, which is when its sender can have sent it."""
    text = content.decode(errors="replace")
    times = [datetime.fromisoformat(found + "+00:00") for found in _ISO_TIME.findall(text)]
    times += [datetime.fromtimestamp(int(found) / 1e9, UTC) for found in _SPAN_END.findall(text)]
    times += [datetime.fromtimestamp(float(found), UTC) for found in _EPOCH_END.findall(text)]
    return max(times, default=None)


def plain_bytes(path: Path) -> bytes:
    """Content of a landing file, decompressed."""
    content = path.read_bytes()
    if path.suffix == ".gz":
        return gzip.decompress(content)
    if path.suffix == ".zst":
        return zstandard.ZstdDecompressor().decompressobj().decompress(content)
    return content


def _compressed(content: bytes, suffix: str) -> bytes:
    if suffix == ".gz":
        return gzip.compress(content)
    return zstandard.ZstdCompressor().compress(content) if suffix == ".zst" else content


def _csv_line(cells: list[str]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="").writerow(cells)
    return text.getvalue().encode()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value) if isinstance(value, list) else str(value)


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value is not None}


def _iso(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
