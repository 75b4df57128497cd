"""The files as such: the same bytes each time, real compressions, and message text only where a body belongs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from orchestration.sample_company import CANARY, write

BODY_FIELDS = {
    "messages", "response", "gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.prompt.0.content",
    "gen_ai.completion.0.content", "gen_ai.tool.call.arguments", "input.value", "output.value",
    "llm.input_messages.0.message.content",
}  # fmt: skip


def _bytes(landing: Path) -> dict[str, bytes]:
    return {str(path.relative_to(landing)): path.read_bytes() for path in sorted(landing.rglob("*")) if path.is_file()}


def test_two_writes_are_byte_identical(tmp_path):
    """Catches a clock, a hash seed or a file name that gets into the bytes."""
    first, second = write(tmp_path / "a", scale=0.05), write(tmp_path / "b", scale=0.05)
    assert _bytes(tmp_path / "a") == _bytes(tmp_path / "b")
    assert first.answer_key == second.answer_key


def test_another_seed_is_another_company(tmp_path):
    """Catches a generator that ignores its seed."""
    write(tmp_path / "a", scale=0.02)
    write(tmp_path / "b", scale=0.02, seed=8)
    assert _bytes(tmp_path / "a") != _bytes(tmp_path / "b")


def test_every_compression_and_format_is_there(company):
    """Catches a suffix rule that never picks one of the formats that the sources promise."""
    names = [path.name for path in company.files("inference")]
    for suffix in (".jsonl", ".jsonl.gz", ".jsonl.zst", ".csv", ".parquet"):
        assert any(name.endswith(suffix) for name in names), suffix
    assert any(path.suffix == ".csv" for path in company.files("litellm"))


def test_the_answer_key_is_not_in_landing(company):
    """Catches an answer key that the pipeline could read as a source."""
    assert {path.name for path in company.landing.iterdir()} == {
        "anthropic_usage", "costs", "inference", "invoices", "litellm", "openai_usage", "otel", "outcomes", "rework",
        "sla",
    }  # fmt: skip
    assert json.loads(json.dumps(company.key)) == company.key


def _fields_with_canary(value: Any, name: str = "") -> set[str]:
    if isinstance(value, str):
        return {name} if CANARY in value else set()
    if isinstance(value, dict):
        if set(value) == {"key", "value"}:
            return _fields_with_canary(next(iter(value["value"].values())), value["key"])
        return {
            found
            for key, member in value.items()
            for found in _fields_with_canary(member, name if name in BODY_FIELDS else key)
        }
    if isinstance(value, list):
        return {found for member in value for found in _fields_with_canary(member, name)}
    return set()


def test_the_canary_stands_in_bodies_only(company):
    """Catches a canary in an id or name, which would make the privacy test of the warehouse fail for no fault of it."""
    for source in ("inference", "litellm", "otel"):
        fields = {field for row in company.rows(source) for field in _fields_with_canary(row)}
        assert fields and fields <= BODY_FIELDS, (source, fields - BODY_FIELDS)
    for source in ("rework", "sla", "outcomes"):
        assert not any(_fields_with_canary(row) for row in company.rows(source))


def test_rows_written_are_the_rows_stated(company):
    """Catches a summary that counts facts instead of rows."""
    for source in ("inference", "rework", "sla", "litellm", "otel"):
        broken = sum(
            1
            for row in company.key["quarantined_rows"]
            if row["source"] == source and row["reason"] == "malformed_json"
        )
        assert len(company.rows(source)) + broken == company.summary.rows[source]
