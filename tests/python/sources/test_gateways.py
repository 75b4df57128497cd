"""What holds for Langfuse, Helicone, Bedrock and API Management alike: bodies stay out, deliveries change nothing."""

from __future__ import annotations

import gzip
import io
import json
import random
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from ingest.conftest import Warehouse
from ingest.samples import as_csv, jsonl
from ingest.test_privacy import BODY_FIELDS, NESTED, TEXT, canary_files, canary_rows

from orchestration.sources.registry import SOURCES

from .gateway_samples import (
    apim,
    apim_record,
    bedrock,
    correction,
    gateway_log,
    generation,
    generation_row,
    helicone,
    many,
    queue_item,
    trace,
)

Rows = list[dict[str, Any]]
CONTENT = (
    "SELECT * EXCLUDE (_file_sha256, _line_no, _row_no, _load_id, _rescued, attributes) FROM {} ORDER BY _row_hash"
)


def bodies(row: dict[str, Any]) -> dict[str, Any]:
    """A row with a planted text in every field that may hold a body, and in free metadata."""
    extra = {name: TEXT for name in BODY_FIELDS if name not in row}
    return {**extra, "nested": NESTED, **row}


def planted(source: str) -> Rows:
    """Rows of a source with a planted text wherever its real rows hold one."""
    usage = {"input_tokens": 5, "output_tokens": 6}
    chunk = {"type": "content_block_delta", "delta": {"text": TEXT}, "usage": usage}
    rows = {
        "langfuse": [
            generation(input=TEXT, output=TEXT, statusMessage=TEXT, level="ERROR", metadata={"note": TEXT, **NESTED}),
            generation_row(id="2", metadata=json.dumps({"prompt": TEXT}), model_parameters=json.dumps({"x": TEXT})),
            trace(input=TEXT, output=TEXT, userId=TEXT, tags=[TEXT * 9, "plain"], name=f"{TEXT}\n"),
            correction(stringValue=TEXT, longStringValue=TEXT, comment=TEXT, authorUserId=TEXT),
            queue_item(),
        ],
        "helicone": [
            helicone(request_body={"messages": [TEXT]}, response_body=TEXT, request_user_id=TEXT, assets=[TEXT],
                     request_path=f"https://x/?q={TEXT}", properties={"prompt": TEXT, "long": TEXT * 9}),
        ],
        "bedrock": [
            bedrock(input={"inputBodyJson": {"messages": [TEXT]}, "inputTokenCount": 3}, identity={"arn": TEXT},
                    output={"outputBodyJson": {"output": TEXT, "stopReason": f"{TEXT}\n"}, "outputTokenCount": 1},
                    requestMetadata={"prompt": TEXT, "user_id": TEXT}),
            bedrock(requestId="2", output={"outputBodyJson": json.dumps([chunk, {"completion": TEXT}])}),
        ],
        "azure_apim": [
            apim(RequestMessages=[{"content": TEXT}], ResponseMessages=TEXT, CallerIpAddress=TEXT),
            apim_record(properties={"correlationId": "2", "requestMessages": TEXT, "responseMessages": TEXT}),
            gateway_log(json.dumps({"choices": [TEXT], "usage": {"prompt_tokens": 1}}), correlationId="3",
                        callerIpAddress=TEXT),
        ],
    }  # fmt: skip
    return [bodies(row) for row in rows[source]]


KEYS = {"langfuse": "id", "helicone": "request_id", "bedrock": "requestId", "azure_apim": "CorrelationId"}


@pytest.mark.parametrize("source", KEYS)
def test_bodies_are_not_stored(warehouse: Warehouse, source: str, caplog: pytest.LogCaptureFixture, capfd: Any):
    """Catches a body in a table, the quarantine, a note, a log or a temporary file."""
    rows = planted(source)
    spoilt = [{**rows[0], KEYS[source]: TEXT + "\n"}] * 30
    warehouse.land(f"{source}/good.jsonl", jsonl(*rows))
    warehouse.land(f"{source}/document.json", json.dumps(rows, indent=1).encode())
    warehouse.land(f"{source}/bad.jsonl", jsonl(spoilt[0], [TEXT], f'{{"prompt": "{TEXT}"', {"hello": TEXT}))
    warehouse.land(f"{source}/refused.jsonl", jsonl(*spoilt))
    warehouse.land(f"{source}/cut.json", f'{{\n"prompt": "{TEXT}"'.encode())
    warehouse.land(f"{source}/cut.jsonl.gz", b"").write_bytes(gzip.compress(jsonl(*rows) * 50)[:-9])
    if "csv" in SOURCES[source].formats:
        flat = {name: json.dumps(v) if isinstance(v, dict | list) else v for name, v in rows[0].items()}
        warehouse.land(f"{source}/good.csv", as_csv({**flat, KEYS[source]: "csv"}))
        sink = io.BytesIO()
        pq.write_table(pa.Table.from_pylist([{**flat, KEYS[source]: "parquet"}]), sink)
        warehouse.land(f"{source}/good.parquet", sink.getvalue())
    report = warehouse.ingest(source)
    assert report.loaded >= len(rows)
    assert report.files_refused >= 3
    assert report.quarantined >= 30
    assert canary_rows(warehouse) == []
    warehouse.con.execute("CHECKPOINT")
    assert canary_files(warehouse.settings.home) == []
    printed = caplog.text + "".join(capfd.readouterr()) + str(report)
    assert "CanaryQ7sentence" not in printed
    warehouse.assert_conserved()


@pytest.mark.parametrize("source", KEYS)
def test_deliveries_in_any_order_and_pieces_change_nothing(make_warehouse: Callable[..., Warehouse], source: str):
    """Catches a winner that depends on the order of arrival, and rows counted twice when a file comes again."""
    rows = many(source)
    found = []
    for seed in range(4):
        shuffled = random.Random(seed)
        warehouse = make_warehouse(f"{source}-{seed}")
        pieces = [rows] if seed == 0 else [shuffled.sample(rows, 30) for _ in range(5)] + [rows[::-1]]
        for number, piece in enumerate(pieces):
            as_lines = number % 2 == 0
            content = jsonl(*piece) if as_lines else json.dumps(piece).encode()
            warehouse.land(f"{source}/{number}.{'jsonl' if as_lines else 'json.gz'}", content)
            if shuffled.random() < 0.5:
                warehouse.ingest(source)
        warehouse.ingest(source)
        warehouse.assert_conserved()
        tables = SOURCES[source].tables
        found.append([warehouse.all(CONTENT.format(table.full_name)) for table in tables])
    assert all(len(table) >= 20 for table in found[0])
    for other in found[1:]:
        assert other == found[0]
