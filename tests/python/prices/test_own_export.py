"""Our cost in FOCUS columns comes back as an invoice: what one command writes, the reconciliation reads."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pipeline.engine import Engine

from orchestration.prices.rows import COLUMNS
from orchestration.reference.meters import METERS, TEXT_KINDS, TOKEN_KINDS

from .engine_warehouse import EngineWarehouse

PRICE = {
    "provider": "example", "model": "m", "service_tier": "standard", "above_tokens": "0", "currency": "USD",
    "valid_from": "2026-01-01",
}  # fmt: skip
CALL = {"provider": "example", "model": "m", "status": "success", "started_at": "2026-03-10T10:00:00Z"}
CHECKED = [{"provider": "example", "policy": "content", "units": 20}]
# Meters whose price is another's or of which there is none: of a policy, of a tool, of stated money.
OF_OTHERS = ("guardrail", "tool", "fee")
USED = {
    "input_tokens": 1_000, "output_tokens": 100, "reasoning_tokens": 40, "cache_read_tokens": 30,
    "cache_write_tokens": 20, "cache_write_1h_tokens": 10,
    "units": [
        *({"meter": meter, "quantity": 4 + place} for place, meter in enumerate(METERS) if meter not in OF_OTHERS),
        {"meter": "tool:lookup", "provider": "example", "quantity": 3},
        {"meter": "fee", "quantity": 2},
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def reconciled(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], dict[str, Any]]:
    """What the reconciliation says by model and kind, after the export has come as an invoice."""
    home: Path = tmp_path_factory.mktemp("export")
    made = EngineWarehouse(engine, home)
    kinds = [kind for kind in (*TEXT_KINDS, *METERS) if kind not in OF_OTHERS]
    prices = [{**PRICE, "token_kind": kind, "price_per_million": str(10 + place)} for place, kind in enumerate(kinds)]
    prices.append({**PRICE, "model": "guardrail-content", "token_kind": "guardrail", "price_per_million": "150"})
    prices.append({**PRICE, "model": "lookup", "token_kind": "tool", "price_per_million": "7000"})
    made.seed("model_prices", COLUMNS, [[row.get(name, "") for name in COLUMNS] for row in prices])
    rules = [["example", "sku_id", rf"example/(.+)/{kind}", r"\1", kind] for kind in TOKEN_KINDS if kind != "reasoning"]
    rules.append(["example", "sku_id", "example/(.+)/reasoning", r"\1", "output"])
    made.seed("invoice_skus", ("provider", "field", "pattern", "model", "token_kind"), rules)
    made.land("inference/calls.jsonl", [
        {**CALL, **USED, "attempt_id": "everything", "guardrail_units": CHECKED},
        {**CALL, "attempt_id": "checked", "model": "unheard", "input_tokens": 1, "output_tokens": 0,
         "guardrail_units": CHECKED},
    ])  # fmt: skip
    made.build("focus_cost_and_usage")
    names = [name for name, *_ in made.all("describe focus_cost_and_usage")]
    exported = [dict(zip(names, row, strict=True)) for row in made.all("from focus_cost_and_usage")]
    assert {row["x_TokenKind"] for row in exported} == set(TOKEN_KINDS)
    for row in exported:
        if row["x_TokenKind"] == "guardrail":
            # A provider bills the units of a call whose cost we do not know as well.
            row["BilledCost"] *= 2
    made.land("invoices/2026-03.jsonl", [
        {name: value if value is None else str(value) for name, value in row.items() if not name.startswith("x_")}
        for row in exported
    ])  # fmt: skip
    made.build("invoice_reconciliation")
    names = [name for name, *_ in made.all("describe invoice_reconciliation")]
    rows = [dict(zip(names, row, strict=True)) for row in made.all("from invoice_reconciliation")]
    return {(row["model"], row["token_kind"]): row for row in rows}


def test_every_unit_that_we_write_is_read(reconciled: dict[tuple[str, str], dict[str, Any]]) -> None:
    """Catches a unit of our own export that the reader of invoices does not know, so that its line has no quantity."""
    wrong = [key for key, row in reconciled.items() if row["billed_tokens"] != row["logged_tokens"]]
    assert wrong == []
    differing = [key for key, row in reconciled.items() if row["residual"] and key[1] != "guardrail"]
    assert differing == []
    assert {kind for _, kind in reconciled} == set(TOKEN_KINDS) - {"reasoning"}


def test_units_of_guardrails_without_a_cost_of_ours_are_unpriced(
    reconciled: dict[tuple[str, str], dict[str, Any]],
) -> None:
    """Catches what is billed for them left unexplained: 40 units for 0.006, of which we priced 20 at 0.003."""
    row = reconciled["guardrail-content", "guardrail"]
    assert (row["billed_tokens"], row["unpriced_tokens"]) == (40, 20)
    assert (row["unpriced"], row["unexplained"]) == (Decimal("0.003"), Decimal(0))
