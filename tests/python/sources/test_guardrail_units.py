"""Units of guardrails in the native format: what is read, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pytest
from ingest.conftest import Warehouse
from ingest.samples import ATTEMPT, jsonl
from ingest.test_bad_rows import _parquet

UNITS = [{"provider": "AWS", "policy": "Topic", "units": 2}, {"provider": "aws", "policy": "content", "units": 0}]
KEPT = '[{"meter":"guardrail","model":"guardrail-topic","provider":"aws","quantity":"2"}]'


def kept(warehouse: Warehouse) -> list[tuple[Any, ...]]:
    return warehouse.all("SELECT units FROM native.inference ORDER BY attempt_id")


@pytest.mark.parametrize("value", [UNITS, json.dumps(UNITS), [json.dumps(item) for item in UNITS]])
def test_a_list_or_its_text_is_read(warehouse: Warehouse, value: Any):
    """Catches units that are lost because of how a tool wrote them, and policies told apart by their case."""
    warehouse.take("inference/a.jsonl", jsonl({**ATTEMPT, "guardrail_units": value}))
    assert kept(warehouse) == [(KEPT,)]


def test_parquet_has_them_as_structs(warehouse: Warehouse):
    """Catches a typed file whose list of structs is no list."""
    warehouse.take("inference/a.parquet", _parquet(pa.Table.from_pylist([{**ATTEMPT, "guardrail_units": UNITS}])))
    assert kept(warehouse) == [(KEPT,)]


@pytest.mark.parametrize("value", [None, "", [], "[]", [{"provider": "aws", "policy": "topic", "units": 0}]])
def test_no_units_are_none(warehouse: Warehouse, value: Any):
    """Catches a row that is refused, or priced, although no guardrail checked it."""
    warehouse.take("inference/a.jsonl", jsonl({**ATTEMPT, "guardrail_units": value}))
    assert kept(warehouse) == [(None,)]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"content": 3}, "bad_value"),
        ("topic: 2", "bad_value"),
        ([{"provider": "aws", "units": 2}], "bad_value"),
        ([{"provider": "aws", "policy": "topic"}], "bad_value"),
        ([{"provider": "aws", "policy": "topic", "units": 1.5}], "bad_number"),
        ([{"provider": "aws", "policy": "topic", "units": -1}], "bad_number"),
    ],
)
def test_what_cannot_be_read_is_refused(warehouse: Warehouse, value: Any, reason: str):
    """Catches units that are dropped in silence: the attempt would look cheaper than it was."""
    warehouse.take("inference/a.jsonl", jsonl({**ATTEMPT, "guardrail_units": value}, {**ATTEMPT, "attempt_id": "b"}))
    assert warehouse.reasons() == [(1, reason, "guardrail_units")]
    assert kept(warehouse) == [(None,)]
