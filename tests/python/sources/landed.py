"""Rows landed and looked at in one step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ingest.conftest import Warehouse
from ingest.samples import jsonl


def loader(path: str, table: str, order: str = "ALL") -> Callable[..., list[tuple[Any, ...]]]:
    """A function that lands rows as the file ``path``, loads them and returns ``columns`` of the table."""

    def load(warehouse: Warehouse, *rows: Any, columns: str = "*") -> list[tuple[Any, ...]]:
        warehouse.take(path, jsonl(*rows))
        return warehouse.all(f"SELECT {columns} FROM {table} ORDER BY {order}")

    return load
