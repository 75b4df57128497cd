"""A database of made-up tables in which a compiled model can run."""

from __future__ import annotations

from typing import Any

import duckdb
import pyarrow as pa

Rows = list[dict[str, Any]]


class Tables:
    """An empty build database; ``put`` fills a table, ``run`` makes one from a model's SQL."""

    def __init__(self, compiled: dict[str, str]) -> None:
        self._compiled = compiled
        self.con = duckdb.connect(config={"threads": 2})
        self.con.execute("SET TimeZone = 'UTC'")
        self.con.execute("ATTACH ':memory:' AS build; ATTACH ':memory:' AS raw")
        for schema in ("staging", "intermediate", "marts"):
            self.con.execute(f"CREATE SCHEMA build.{schema}")
        self.con.execute("CREATE SCHEMA raw.control")

    def put(self, name: str, rows: Rows, types: dict[str, str]) -> None:
        """Make a table of rows; ``types`` names every column and its type."""
        self.con.register("given", pa.Table.from_pylist([{c: row.get(c) for c in types} for row in rows or [{}]]))
        columns = ", ".join(f"CAST({column} AS {kind}) AS {column}" for column, kind in types.items())
        self.con.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT {columns} FROM given{'' if rows else ' LIMIT 0'}")
        self.con.unregister("given")

    def run(self, model: str, schema: str = "intermediate") -> None:
        """Make the table of a model from its compiled SQL."""
        self.con.execute(f"CREATE OR REPLACE TABLE build.{schema}.{model} AS {self._compiled[model]}")

    def rows(self, query: str) -> Rows:
        cursor = self.con.execute(query)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
