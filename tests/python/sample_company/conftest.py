"""One company for all tests, read back from its files without any code of the generator's writers."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from pipeline.deliveries import plain_bytes

from orchestration.sample_company import Summary, write

Row = dict[str, Any]


def rows_of(path: Path) -> Iterator[Row]:
    """Readable rows of a landing file; broken lines are left out."""
    name = path.name.removesuffix(".gz").removesuffix(".zst")
    if name.endswith(".parquet"):
        yield from pq.read_table(path).to_pylist()
    elif name.endswith(".csv"):
        yield from csv.DictReader(io.StringIO(plain_bytes(path).decode(), newline=""))
    else:
        for line in plain_bytes(path).splitlines():
            try:
                yield json.loads(line)
            except json.JSONDecodeError:
                continue


class Written:
    """A written company: its landing folder, its summary and its rows by source."""

    def __init__(self, landing: Path, summary: Summary) -> None:
        self.landing, self.summary, self.key = landing, summary, summary.answer_key
        self._rows: dict[str, list[Row]] = {}

    def files(self, source: str) -> list[Path]:
        return sorted(path for path in (self.landing / source).rglob("*") if path.is_file())

    def rows(self, source: str) -> list[Row]:
        """All readable rows of a source folder, repeated ones included."""
        if source not in self._rows:
            self._rows[source] = [row for path in self.files(source) for row in rows_of(path)]
        return self._rows[source]

    def spans(self) -> list[Row]:
        """All spans with their attributes as a plain mapping under ``values``."""
        found = []
        for batch in self.rows("otel"):
            for resource in batch["resourceSpans"]:
                for scope in resource["scopeSpans"]:
                    for span in scope["spans"]:
                        values = {a["key"]: next(iter(a["value"].values())) for a in span["attributes"]}
                        found.append(span | {"values": values, "scope": scope["scope"]["name"]})
        return found


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Written:
    landing = tmp_path_factory.mktemp("company") / "landing"
    return Written(landing, write(landing))
