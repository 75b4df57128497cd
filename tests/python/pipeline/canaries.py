"""A text planted wherever a sender might put what a person wrote, in every source, format and failure."""

from __future__ import annotations

import csv
import gzip
import io
import json
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

from .bad_values import GOOD, NOON, ONE

PLANTED = "Xq7zCanaryInTheMine"
_SENTENCE = f"Dear Ms Lind, {PLANTED} is my account number"
_MESSAGES = [{"role": "user", "content": _SENTENCE}]
# Bodies and free text under the names that logs use for them; none is a field of the contract.
FREE_TEXT: dict[str, Any] = {
    "messages": _MESSAGES, "prompt": _SENTENCE, "input": _SENTENCE, "response": {"text": _SENTENCE},
    "output": _SENTENCE, "completion": _SENTENCE, "tool_calls": [{"arguments": {"q": _SENTENCE}}],
    "arguments": _SENTENCE, "comment": PLANTED, "notes": PLANTED, "description": PLANTED, "summary": PLANTED,
    "error_message": PLANTED, "error": {"message": PLANTED, "body": _SENTENCE}, "user_email": PLANTED,
    "userName": PLANTED, "customer": {"name": PLANTED}, "reason": PLANTED, "feedback": [PLANTED],
    "long": _SENTENCE * 20, "nested": {"deep": {"content": _SENTENCE}}, "a\nname": PLANTED,
}  # fmt: skip


def plant(landing: Path) -> None:
    """Write files of every source and format that hold the text."""
    for source, row in GOOD.items():
        _native(landing / source / "planted", row)
    _litellm(landing / "litellm")
    _otel(landing / "otel")


def _native(folder: Path, row: dict[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    named = {name: f"planted-{value}" if name.endswith("_id") else value for name, value in row.items()}
    first = next(iter(named))
    rich = named | FREE_TEXT
    lines = [rich | {first: "planted-json"}, rich | {first: "planted-hash", "prompt_hash": _SENTENCE}]
    # Refused rows: the text stands in the value that is to blame, and beside it.
    lines += [rich | {first: f"bad-{name}", name: _SENTENCE} for name in row if name.endswith(("_at", "_tokens"))]
    lines += [rich | {first: "bad-word", name: _SENTENCE} for name in ("status", "severity", "metric", "decision")]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    text += json.dumps(rich)[:-30] + "\n"
    text += json.dumps([_SENTENCE]) + "\n"
    text += json.dumps(rich | {"padding": Random(1).randbytes(600_000).hex()}) + "\n"
    body = text.encode() + json.dumps(rich).encode().replace(b"planted", b"\xff") + b"\n"
    (folder / "rows.jsonl.zst").write_bytes(zstandard.ZstdCompressor().compress(body))

    flat = {name: json.dumps(value) if isinstance(value, dict | list) else value for name, value in rich.items()}
    flat = {name: str(value) for name, value in flat.items() if "\n" not in name}
    (folder / "rows.csv").write_text(_csv([flat | {first: "planted-csv"}, flat | {first: ""}]) + f'"{PLANTED}",1\n')
    pq.write_table(pa.Table.from_pylist([flat | {first: "planted-parquet"}]), folder / "rows.parquet")
    # Files refused as a whole.
    packed = gzip.compress(body)
    (folder / "cut.jsonl.gz").write_bytes(packed[: len(packed) // 2])
    (folder / "wide.jsonl").write_bytes(text.encode("utf-16"))
    (folder / "header.csv").write_text(f"{PLANTED},{PLANTED}\n{_SENTENCE},1\n")
    (folder / "quote.csv").write_text(_csv([flat]) + f'"{_SENTENCE}\n')
    (folder / "broken.parquet").write_bytes(b"PAR1" + _SENTENCE.encode() + b"PAR1")
    (folder / "array.jsonl").write_text("[\n" + json.dumps(_SENTENCE))


def _litellm(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    metadata = {
        "status": "failure", "error_information": {"error_message": _SENTENCE, "traceback": _SENTENCE},
        "requester_metadata": {"note": PLANTED}, "spend_logs_metadata": {"outcome_id": "o", "comment": PLANTED},
        "user_api_key_user_email": PLANTED, "user_api_key_end_user_id": PLANTED,
    }  # fmt: skip
    row = {
        "request_id": "planted", "call_type": "acompletion", "model": "gpt-5.2", "custom_llm_provider": "openai",
        "startTime": NOON, "endTime": ONE, "prompt_tokens": 5, "completion_tokens": 5, "spend": 0.1,
        "messages": json.dumps(_MESSAGES), "response": json.dumps({"content": _SENTENCE}), "end_user": PLANTED,
        "proxy_server_request": json.dumps({"body": _SENTENCE}), "requester_ip_address": PLANTED, "user": PLANTED,
        "metadata": json.dumps(metadata), "request_tags": json.dumps(["env:prod"]), **FREE_TEXT,
    }  # fmt: skip
    row |= {"messages": json.dumps(_MESSAGES), "response": json.dumps({"content": _SENTENCE})}
    payload = {
        "id": "planted-payload", "trace_id": "t", "call_type": "acompletion", "status": "failure", "model": "gpt-5.2",
        "custom_llm_provider": "openai", "startTime": 1_782_907_200.0, "endTime": 1_782_907_201.0, "prompt_tokens": 5,
        "completion_tokens": 5, "response_cost": 0.1, "messages": _MESSAGES, "response": {"content": _SENTENCE},
        "error_str": _SENTENCE, "metadata": metadata, "model_parameters": {"system": _SENTENCE}, "hidden_params": {},
        "error_information": metadata["error_information"],
    }  # fmt: skip
    bad = row | {"request_id": "bad", "prompt_tokens": _SENTENCE}
    lines = [row, payload, bad, payload | {"id": "bad", "startTime": _SENTENCE}, {"unknown": _SENTENCE}]
    (folder / "planted.jsonl").write_text(
        "".join(json.dumps(line) + "\n" for line in lines) + '{"messages": "' + PLANTED
    )
    flat = {
        name: value if isinstance(value, str) else json.dumps(value) for name, value in row.items() if "\n" not in name
    }
    (folder / "planted.csv").write_text(_csv([flat | {"request_id": "planted-csv"}]))


def _otel(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    body = [{"key": "content", "value": {"stringValue": _SENTENCE}}]
    attributes = {
        "gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-5.2",
        "gen_ai.input.messages": json.dumps(_MESSAGES), "gen_ai.output.messages": json.dumps(_MESSAGES),
        "gen_ai.system_instructions": _SENTENCE, "gen_ai.prompt": _SENTENCE, "gen_ai.prompt.0.content": _SENTENCE,
        "gen_ai.completion.0.content": _SENTENCE, "gen_ai.tool.call.arguments": _SENTENCE, "input.value": _SENTENCE,
        "output.value": _SENTENCE, "llm.input_messages.0.message.content": _SENTENCE, "exception.message": _SENTENCE,
        "ai.prompt.messages": _SENTENCE, "user.email": PLANTED, "enduser.id": PLANTED, "finops.comment": PLANTED,
    }  # fmt: skip
    span = {
        "traceId": "1" * 32, "spanId": "2" * 16, "name": "chat gpt-5.2", "startTimeUnixNano": "1782907200000000000",
        "endTimeUnixNano": "1782907201000000000",
        "attributes": [{"key": key, "value": {"stringValue": value}} for key, value in attributes.items()],
        "events": [{"name": "gen_ai.content.prompt", "attributes": body}, {"name": "exception", "attributes": body}],
        "status": {"code": 2, "message": _SENTENCE},
    }  # fmt: skip
    spans = [span, span | {"spanId": "3" * 16, "startTimeUnixNano": _SENTENCE}, span | {"spanId": ""}]
    scopes = [{"scope": {"name": "app"}, "spans": spans}]
    resource = {"attributes": [{"key": "process.command_args", "value": {"stringValue": _SENTENCE}}]}
    line = json.dumps({"resourceSpans": [{"resource": resource, "scopeSpans": scopes}]})
    (folder / "planted.jsonl").write_text(f"{line}\n{line[:-40]}\n" + json.dumps({"logs": _SENTENCE}) + "\n")


def _csv(rows: list[dict[str, str]]) -> str:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
