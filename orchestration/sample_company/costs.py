"""What the company pays for its AI besides the calls: contracts over the thirteen weeks, and a credit."""

from __future__ import annotations

from orchestration.sample_company.company import AS_OF, FIRST_DAY
from orchestration.sample_company.landing_files import LandingFiles, Row, csv_bytes, json_line

# Rules as in seeds/cost_sharing.csv.
CONTRACTS: tuple[Row, ...] = (
    {"cost_id": "gateway", "amount": 910, "currency": "USD", "category": "gateway", "rule": "gateway"},
    {"cost_id": "review-seats", "amount": 2730, "currency": "USD", "category": "seats", "rule": "assistant_seats"},
    {"cost_id": "tracing", "amount": 455, "currency": "USD", "category": "observability", "rule": "tracing"},
    {"cost_id": "search-index", "amount": 1183, "currency": "EUR", "category": "retrieval"}
    | {"use_case": "knowledge_search"},
)
CREDIT: Row = {
    "cost_id": "gateway-credit", "day": "2026-08-14", "amount": -35, "currency": "USD", "category": "gateway",
    "rule": "gateway",
}  # fmt: skip


def write_costs(files: LandingFiles) -> None:
    """The contracts as JSON lines, the credit as it came from accounting."""
    period: Row = {"period_start": FIRST_DAY, "period_end": AS_OF[:10]}
    for contract in CONTRACTS:
        files.add("costs/contracts.jsonl", json_line(contract | period))
    files.add_whole("costs/2026-08-credits.csv", csv_bytes([CREDIT], list(CREDIT)), 1)
