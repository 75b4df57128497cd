"""The providers' invoices: they add up to what the answer key says was billed, and hold the planted differences."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from decimal import Decimal

from orchestration.sample_company import invoices

from .conftest import rows_of

PROVIDERS = {
    "OpenAI": "openai",
    "Anthropic": "anthropic",
    "Google Cloud": "google",
    "Amazon Web Services": "aws",
    "Nimbus": "nimbus",
}


def test_dollar_invoices_add_up_to_the_answer_key(company):
    """Catches an answer key that says other than the files, a draft that is counted, and a correction that stands in
    the month of its invoice instead of the month of the usage."""
    billed: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for path in company.files("invoices"):
        if path.name == "2026-07.csv" and path.parent.name == "openai":
            continue
        for row in rows_of(path):
            if row["BillingCurrency"] == "USD":
                provider = PROVIDERS[row.get("ServiceProviderName") or row["ProviderName"]]
                billed[provider, str(row["ChargePeriodStart"])[:7]] += Decimal(row["BilledCost"])
    key = {
        (provider, month): Decimal(found["billed_cost"])
        for provider, months in company.key["invoices"].items()
        if provider != "aws"
        for month, found in months.items()
    }
    assert dict(billed) == key
    assert len(key) == 12


def test_parts_of_every_planted_difference_are_there(company):
    """Catches a difference that a change of volumes or prices has made vanish, so that nothing is left to be found."""
    found = {
        reason: sum((abs(Decimal(month[reason])) for months in company.key["invoices"].values() for month in
                     months.values()), Decimal(0))
        for reason in invoices.REASONS
    }  # fmt: skip
    assert min(found.values()) > Decimal("0.01"), found


def test_the_open_month_is_not_invoiced_and_ends_with_the_logs(company):
    """Catches invoice numbers for a month that still runs, and charges later than the run."""
    latest = max(str(row["ChargePeriodEnd"])[:10] for path in company.files("invoices") for row in rows_of(path))
    assert latest == "2026-09-28"
    for path in company.files("invoices"):
        for row in rows_of(path):
            is_open = str(row["BillingPeriodStart"]).startswith("2026-09")
            assert bool(row["InvoiceId"]) is not is_open
            assert datetime.fromisoformat(str(row["ChargePeriodStart"])) < datetime.fromisoformat(
                str(row["ChargePeriodEnd"])
            )
