"""A warehouse with an empty landing folder, and short ways to fill it, ingest it and look at what came of it."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.ingest.load import ingest_source
from orchestration.ingest.report import IngestReport
from orchestration.settings import Settings

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
ATTEMPT: dict[str, Any] = {
    "attempt_id": "a-1",
    "outcome_id": "o-1",
    "use_case": "triage",
    "provider": "openai",
    "model": "gpt-4o",
    "started_at": "2026-06-30T10:00:00Z",
    "ended_at": "2026-06-30T10:00:02Z",
    "status": "success",
    "input_tokens": 100,
    "output_tokens": 50,
}
TICKET: dict[str, Any] = {
    "ticket_id": "t-1",
    "outcome_ids": ["o-1"],
    "opened_at": "2026-06-30T10:00:00Z",
    "updated_at": "2026-06-30T11:00:00Z",
    "severity": "major",
    "kind": "correction",
    "status": "open",
}
CLOCK: dict[str, Any] = {
    "event_id": "e-1",
    "outcome_id": "o-1",
    "metric": "response",
    "started_at": "2026-06-30T10:00:00Z",
    "due_at": "2027-06-30T11:00:00Z",
    "updated_at": "2026-06-30T11:00:00Z",
}
DECISION: dict[str, Any] = {
    "outcome_id": "o-1",
    "use_case": "triage",
    "decision": "accepted",
    "decided_at": "2026-06-30T11:00:00Z",
}
SPEND_LOG: dict[str, Any] = {
    "request_id": "chatcmpl-1",
    "call_type": "acompletion",
    "spend": 0.25,
    "prompt_tokens": 100,
    "completion_tokens": 50,
    "startTime": "2026-06-30 10:00:00.000001",
    "endTime": "2026-06-30T10:00:02Z",
    "model": "gpt-4o",
    "custom_llm_provider": "openai",
    "metadata": {},
    "cache_hit": "None",
    "request_tags": [],
    "status": "success",
}


def jsonl(*rows: Any) -> bytes:
    """JSON lines; a row given as text or bytes is written as it is."""
    lines = [r if isinstance(r, bytes) else r.encode() if isinstance(r, str) else json.dumps(r).encode() for r in rows]
    return b"".join(line + b"\n" for line in lines)


def span(**changes: Any) -> dict[str, Any]:
    """A span of a chat call as the collector writes it; ``attributes`` is a plain mapping here."""
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-4o",
        "gen_ai.usage.input_tokens": 100,
        "gen_ai.usage.output_tokens": 50,
        **changes.pop("attributes", {}),
    }
    return {
        "traceId": "5B8EFFF798038103D269B633813FC60C",
        "spanId": "EEE19B7EC3C1B174",
        "name": "chat gpt-4o",
        "startTimeUnixNano": "1782813600000000000",
        "endTimeUnixNano": "1782813602000000000",
        "attributes": [{"key": k, "value": typed(v)} for k, v in attributes.items() if v is not None],
        "status": {},
        **changes,
    }


def typed(value: Any) -> dict[str, Any]:
    """A value in OTLP's JSON form."""
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    return {"doubleValue": value} if isinstance(value, float) else {"stringValue": value}


def batch(*spans: dict[str, Any], **resource: Any) -> dict[str, Any]:
    """One export batch of the collector."""
    attributes = [{"key": key, "value": typed(value)} for key, value in resource.items()]
    return {
        "resourceSpans": [
            {"resource": {"attributes": attributes}, "scopeSpans": [{"scope": {"name": "lib"}, "spans": list(spans)}]}
        ]
    }


class Warehouse:
    """A raw database over a landing folder."""

    def __init__(self, home: Path, **settings: Any) -> None:
        self.settings = Settings(home=home, **settings)
        self.settings.make_folders()
        self.landing = home / "landing"
        self.con = duckdb.connect(str(self.settings.raw_database))

    def land(self, path: str, content: bytes) -> Path:
        """Write a file into landing; gzip by its name."""
        target = self.landing / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(gzip.compress(content) if path.endswith(".gz") else content)
        return target

    def ingest(self, source: str = "inference", **arguments: Any) -> IngestReport:
        return ingest_source(
            self.con, source, settings=self.settings, **{"run_id": "run", "as_of": NOW, "now": NOW, **arguments}
        )

    def take(self, path: str, content: bytes) -> IngestReport:
        """Land a file and ingest its source."""
        self.land(path, content)
        return self.ingest(path.partition("/")[0])

    def all(self, query: str, *arguments: Any) -> list[tuple[Any, ...]]:
        return self.con.execute(query, list(arguments)).fetchall()

    def reasons(self) -> list[tuple[Any, ...]]:
        """(line, reason, field) of every quarantined row."""
        return self.all("SELECT line_no, reason_code, field FROM ledger.quarantined_rows ORDER BY ALL")

    def counts(self) -> tuple[int, ...]:
        """rows_in, loaded, duplicate, superseded, quarantined over all files."""
        (row,) = self.all(
            "SELECT sum(rows_in), sum(loaded), sum(duplicate), sum(superseded), sum(quarantined) FROM ledger.load_files"
        )
        return tuple(int(count or 0) for count in row)

    def assert_conserved(self) -> None:
        """The counts of every file add up, and agree with the tables and the quarantine."""
        assert not self.all(
            "SELECT * FROM ledger.load_files WHERE rows_in <> loaded + duplicate + superseded + quarantined"
        )
        stored = " UNION ALL ".join(
            f"SELECT _load_id AS load_id FROM {name}"
            for name in (
                "native.inference",
                "native.rework",
                "native.sla",
                "native.outcomes",
                "litellm.calls",
                "otel.spans",
            )
        )
        assert not self.all(
            f"""
            SELECT * FROM ledger.load_files AS files
            LEFT JOIN (SELECT load_id, count(*) AS n FROM ({stored}) GROUP BY ALL) AS rows USING (load_id)
            LEFT JOIN (SELECT load_id, count(*) AS n FROM ledger.quarantined_rows GROUP BY ALL) AS bad USING (load_id)
            WHERE loaded + superseded <> coalesce(rows.n, 0) OR quarantined <> coalesce(bad.n, 0)
            """
        )


@pytest.fixture
def make_warehouse(tmp_path: Path) -> Iterator[Callable[..., Warehouse]]:
    """Make warehouses, each with its own home."""
    made: list[Warehouse] = []

    def make(name: str = "home", **settings: Any) -> Warehouse:
        warehouse = Warehouse(tmp_path / name, **settings)
        made.append(warehouse)
        return warehouse

    yield make
    for warehouse in made:
        warehouse.con.close()


@pytest.fixture
def warehouse(make_warehouse: Callable[..., Warehouse]) -> Warehouse:
    return make_warehouse()
