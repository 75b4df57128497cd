"""A company of a few rows for the oracle's own tests: prices in round numbers, one use case, USD."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .compute import OracleResult, compute

NOON = "2026-07-01T12:00:00Z"
LATER = datetime(2026, 9, 1, tzinfo=UTC)

SEEDS: dict[str, list[dict[str, Any]]] = {
    "use_cases": [{"use_case": "claims", "owner": "anna", "criticality": "critical", "acceptance_window_days": 14}],
    "models": [{"provider": "acme", "model": "big", "tier": "premium", "is_reference": "true"}],
    "model_prices": [],
    "price_modifiers": [],
    "use_case_rules": [],
    "model_aliases": [],
    "provider_aliases": [],
    "price_overrides": [],
    "role_rates": [{"role": "clerk", "hourly_rate": 30, "currency": "USD"}],
    "delay_rates": [{"use_case": "claims", "per_minute": "0.5", "per_breach": 2, "currency": "USD"}],
    "fx_rates": [],
    "experiments": [],
}
COLUMNS = {
    "use_cases": "use_case owner function criticality task_class acceptance_window_days delay_cap_minutes"
    " valid_from valid_to",
    "models": "provider model tier is_reference",
    "model_prices": "provider model region service_tier token_kind above_tokens price_per_million currency"
    " valid_from valid_to source",
    "price_overrides": "provider model region service_tier token_kind above_tokens price_per_million currency"
    " valid_from valid_to source discount_share",
    "price_modifiers": "provider model attribute value multiplier price_list valid_from valid_to source",
    "use_case_rules": "priority source field pattern use_case",
    "model_aliases": "provider alias model",
    "provider_aliases": "alias provider",
    "role_rates": "role hourly_rate currency valid_from valid_to",
    "experiments": "experiment owner use_case valid_from valid_to",
    "delay_rates": "use_case per_minute per_breach currency valid_from valid_to",
    "fx_rates": "day currency rate",
}


class SmallCompany:
    """Landing and seed folders that a test fills row by row."""

    def __init__(self, folder: Path) -> None:
        self.landing, self.seeds = folder / "landing", folder / "seeds"
        self.landing.mkdir()
        self.seeds.mkdir()
        self.rows: dict[str, list[dict[str, Any]]] = {name: list(rows) for name, rows in SEEDS.items()}
        for kind, price in {"input": 3, "output": 15}.items():
            self.price(kind, price)

    def price(self, kind: str, per_million: Any, model: str = "big", **more: Any) -> None:
        row = {"provider": "acme", "model": model, "token_kind": kind, "price_per_million": per_million}
        self.rows["model_prices"].append(row | {"currency": "USD"} | more)

    def seed(self, name: str, *rows: dict[str, Any]) -> None:
        """Replace the rows of a seed."""
        self.rows[name] = list(rows)

    def land(self, path: str, *rows: dict[str, Any]) -> None:
        """Append JSON lines to a landing file."""
        target = self.landing / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows)

    def attempt(self, attempt_id: str, source: str = "inference", **more: Any) -> None:
        """A successful call of 1,000 input and 100 output tokens: 1,000 x 3 + 100 x 15 = 4,500 per million = 0.0045."""
        row: dict[str, Any] = {
            "attempt_id": attempt_id,
            "use_case": "claims",
            "provider": "acme",
            "model": "big",
            "started_at": NOON,
            "latency_ms": 2000,
            "status": "success",
            "input_tokens": 1000,
            "output_tokens": 100,
        }
        self.land(f"{source}/rows.jsonl", {k: v for k, v in (row | more).items() if v is not None})

    def ticket(self, ticket_id: str, **more: Any) -> None:
        """A closed minor correction without cost."""
        row = {
            "ticket_id": ticket_id,
            "use_case": "claims",
            "opened_at": "2026-07-02T09:00:00Z",
            "updated_at": "2026-07-02T10:00:00Z",
            "severity": "minor",
            "kind": "correction",
            "status": "closed",
        }
        self.land("rework/rows.jsonl", row | more)

    def clock(self, event_id: str, due: str, stopped: str | None, **more: Any) -> None:
        """A response clock of outcome ``o1`` that started at noon."""
        row = {
            "event_id": event_id,
            "outcome_id": "o1",
            "use_case": "claims",
            "metric": "response",
            "started_at": NOON,
            "due_at": due,
            "stopped_at": stopped,
            "updated_at": stopped or NOON,
        }
        self.land("sla/rows.jsonl", {k: v for k, v in (row | more).items() if v is not None})

    def decision(self, decision: str, decided_at: str, outcome_id: str = "o1") -> None:
        row = {"outcome_id": outcome_id, "use_case": "claims", "decision": decision, "decided_at": decided_at}
        self.land("outcomes/rows.jsonl", row)

    def compute(self, as_of: datetime = LATER, **more: Any) -> OracleResult:
        for name, rows in self.rows.items():
            with (self.seeds / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, COLUMNS[name].split(), restval="")
                writer.writeheader()
                writer.writerows(rows)
        return compute(self.landing, self.seeds, as_of, **more)
