"""Invoices in FOCUS columns. Catches a version or format that is read differently, credits that vanish, a restated
invoice that counts beside the former one or depends on which came first, and parts of one delivery that beat each
other."""

from __future__ import annotations

import io
import itertools
import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from ingest.conftest import Warehouse
from ingest.samples import as_csv

from orchestration.ingest.deliveries import delivery_of, natural_order, statement_of

AS_OF = datetime(2026, 9, 1, tzinfo=UTC)
Row = dict[str, Any]
CHARGE: Row = {
    "ProviderName": "OpenAI",
    "InvoiceIssuerName": "OpenAI, LLC",
    "BillingAccountId": "org-1",
    "InvoiceId": "INV-7",
    "BillingPeriodStart": "2026-07-01T00:00:00Z",
    "BillingPeriodEnd": "2026-08-01T00:00:00Z",
    "ChargePeriodStart": "2026-07-05T00:00:00Z",
    "ChargePeriodEnd": "2026-07-06T00:00:00Z",
    "ChargeCategory": "Usage",
    "ChargeDescription": "gpt-5.5, input",
    "BillingCurrency": "USD",
    "BilledCost": "1.234567890123",
    "ConsumedQuantity": "12000000000",
    "ConsumedUnit": "Tokens",
    "x_CostCentre": "4711",
    "Tags": '{"owner": "someone"}',
}


def charge(**changes: Any) -> Row:
    return CHARGE | changes


def as_json(*rows: Row) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def as_parquet(*rows: Row) -> bytes:
    """As exports write it: decimals, and times in UTC without a zone."""
    typed = [
        {
            name: Decimal(value)
            if name in ("BilledCost", "ConsumedQuantity")
            else datetime.fromisoformat(value).replace(tzinfo=None)
            if name.endswith(("Start", "End"))
            else value
            for name, value in row.items()
        }
        for row in rows
    ]
    schema = pa.schema(
        [
            (name, pa.decimal128(38, 12) if isinstance(value, Decimal) else
             pa.timestamp("us") if isinstance(value, datetime) else pa.string())
            for name, value in typed[0].items()
        ]
    )  # fmt: skip
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(typed, schema=schema), sink)
    return sink.getvalue()


def take(warehouse: Warehouse, path: str, content: bytes) -> None:
    warehouse.land(path, content)
    warehouse.ingest("invoices", as_of=AS_OF, now=AS_OF)


def in_force(warehouse: Warehouse) -> list[Decimal]:
    rows = warehouse.all("SELECT billed_cost FROM invoices.focus_rows WHERE _is_current ORDER BY 1")
    return [amount for (amount,) in rows]


def billed(*amounts: str) -> list[Decimal]:
    return [Decimal(amount).quantize(Decimal("1e-12")) for amount in amounts]


@pytest.mark.parametrize("write, name", [(as_json, "i.jsonl"), (as_csv, "i.csv"), (as_parquet, "i.parquet")])
def test_every_format_gives_the_same_row(tmp_path: Path, write: Any, name: str) -> None:
    """Catches a float on the way, a time that moves with the zone of the machine, and tags of people that are kept."""
    warehouse = Warehouse(tmp_path)
    take(warehouse, f"invoices/{name}", write(charge()))
    (row,) = warehouse.all(
        "SELECT provider_name, invoice_id, epoch(charge_period_start), billed_cost::VARCHAR, consumed_quantity::BIGINT,"
        " charge_class, _rescued FROM invoices.focus_rows"
    )
    assert row == (
        "OpenAI", "INV-7", datetime(2026, 7, 5, tzinfo=UTC).timestamp(), "1.234567890123", 12_000_000_000, None,
        '{"x_CostCentre":"4711"}',
    )  # fmt: skip
    assert warehouse.counts() == (1, 1, 0, 0, 0)


def test_columns_renamed_in_later_versions_are_found(warehouse: Warehouse) -> None:
    """Catches a provider that is missing from version 1.3 on, and one of 1.0 that only names the issuer."""
    newer = charge(ServiceProviderName="Anthropic", HostProviderName="AWS", ProviderName=None)
    older = {name: value for name, value in CHARGE.items() if name not in ("ProviderName", "InvoiceId")}
    take(warehouse, "invoices/a.jsonl", as_json(newer, older))
    assert warehouse.all(
        "SELECT provider_name, host_provider_name, invoice_id FROM invoices.focus_rows ORDER BY 1"
    ) == [
        ("Anthropic", "AWS", "INV-7"),
        ("OpenAI, LLC", None, None),
    ]


def test_credits_tax_and_corrections_keep_sign_and_kind(warehouse: Warehouse) -> None:
    """Catches a negative amount that is refused or made positive, and a correction that looks like usage."""
    take(
        warehouse,
        "invoices/a.csv",
        as_csv(
            charge(ChargeCategory="Credit", BilledCost="-12.50", ChargeClass=""),
            charge(ChargeCategory="Tax", BilledCost="+0.19", ChargeClass=""),
            charge(ChargeCategory="Usage", BilledCost="-1e-3", ChargeClass="Correction"),
        ),
    )
    assert warehouse.all(
        "SELECT charge_category, charge_class, billed_cost::DOUBLE FROM invoices.focus_rows ORDER BY 3"
    ) == [("Credit", None, -12.5), ("Usage", "Correction", -0.001), ("Tax", None, 0.19)]


@pytest.mark.parametrize(
    "changes, reason, field",
    [
        ({"BilledCost": None}, "missing_field", "billed_cost"),
        ({"BilledCost": "NaN"}, "bad_number", "billed_cost"),
        ({"BilledCost": True}, "bad_number", "billed_cost"),
        ({"BillingCurrency": "dollars"}, "bad_value", "billing_currency"),
        ({"ChargeCategory": "Gift"}, "bad_value", "charge_category"),
        ({"ChargePeriodEnd": "2026-07-05T00:00:00Z"}, "bad_time", "charge_period_end"),
        ({"ProviderName": None, "InvoiceIssuerName": " "}, "missing_field", "provider_name"),
        ({"ChargePeriodStart": "2026-12-01T00:00:00Z", "ChargePeriodEnd": "2027-01-01T00:00:00Z"}, "future_time",
         "charge_period_start"),
    ],
)  # fmt: skip
def test_a_charge_that_cannot_be_used_says_why(warehouse: Warehouse, changes: Row, reason: str, field: str) -> None:
    """Catches a charge that is dropped, or counted with a made-up amount, time or currency."""
    take(warehouse, "invoices/a.jsonl", as_json(charge(), charge(**changes)))
    assert warehouse.reasons() == [(2, reason, field)]
    assert warehouse.counts() == (2, 1, 0, 0, 1)


def test_a_file_without_money_is_refused_as_a_whole(warehouse: Warehouse) -> None:
    """Catches a file of another kind in the folder that loads as rows without amounts."""
    take(warehouse, "invoices/a.csv", as_csv({"id": 1, "amount": 2}))
    assert warehouse.all("SELECT status, reason FROM ledger.load_files") == [("refused", "missing_column")]


DELIVERIES = {
    "invoices/2026-07.csv": [charge(BilledCost="10"), charge(BilledCost="20")],
    "invoices/2026-07-restated.csv": [charge(BilledCost="11"), charge(BilledCost="20"), charge(BilledCost="20")],
    "invoices/2026-08.csv": [charge(InvoiceId="INV-8", BillingPeriodStart="2026-08-01T00:00:00Z",
                                    BillingPeriodEnd="2026-09-01T00:00:00Z", BilledCost="30")],
}  # fmt: skip


@pytest.mark.parametrize("order", list(itertools.permutations(DELIVERIES)))
def test_a_restated_invoice_replaces_the_former_whatever_comes_first(warehouse: Warehouse, order: tuple[str]) -> None:
    """Catches two versions of an invoice that both count, one that wins because it came last, and equal lines of an
    invoice that are taken for duplicates."""
    for path in order:
        take(warehouse, path, as_csv(*DELIVERIES[path]))
    assert in_force(warehouse) == billed("11", "20", "20", "30")
    assert warehouse.counts() == (6, 4, 0, 2, 0)
    assert warehouse.all("SELECT first_name, loaded, superseded FROM ledger.load_files ORDER BY first_name") == [
        ("invoices/2026-07-restated.csv", 3, 0),
        ("invoices/2026-07.csv", 0, 2),
        ("invoices/2026-08.csv", 1, 0),
    ]


def test_the_same_invoice_again_changes_nothing(warehouse: Warehouse) -> None:
    """Catches a copy under another name, or compressed, that counts twice."""
    content = as_csv(*DELIVERIES["invoices/2026-07.csv"])
    for name in ("2026-07.csv", "copy of 2026-07.csv", "2026-07.csv.gz"):
        take(warehouse, f"invoices/{name}", content)
    assert in_force(warehouse) == billed("10", "20")


def test_new_content_under_the_same_path_is_the_latest(warehouse: Warehouse) -> None:
    """Catches a file that is overwritten month by month: what it said of an earlier month still stands, and what it
    says anew replaces what it said."""
    july = DELIVERIES["invoices/2026-07.csv"]
    take(warehouse, "invoices/latest.csv", as_csv(*july))
    take(warehouse, "invoices/latest.csv", as_csv(july[0], charge(BilledCost="21")))
    take(warehouse, "invoices/latest.csv.gz", as_csv(*DELIVERIES["invoices/2026-08.csv"]))
    assert in_force(warehouse) == billed("10", "21", "30")


def test_parts_of_one_delivery_count_together(warehouse: Warehouse) -> None:
    """Catches the second part of an export that supersedes the first."""
    for number in (1, 2):
        take(warehouse, f"invoices/july/part-0000{number}.csv", as_csv(charge(BilledCost=str(number))))
    assert in_force(warehouse) == billed("1", "2")
    take(warehouse, "invoices/july-v2/part-00001.csv", as_csv(charge(BilledCost="3")))
    assert in_force(warehouse) == billed("3")


SPLITS = {
    "invoices/b.jsonl": [charge(BilledCost="1"), charge(BilledCost="1"), charge(BilledCost="2")],
    "invoices/a.jsonl": [charge(BilledCost="3"), charge(BilledCost="2")],
    "invoices/x/0.jsonl": [charge(BilledCost="1")],
}


@pytest.mark.parametrize("order", list(itertools.permutations(SPLITS)))
def test_an_invoice_in_pieces_of_any_name_adds_up(warehouse: Warehouse, order: tuple[str]) -> None:
    """Catches money that is lost because the last piece of a split file is taken for a restatement, and lines that
    count twice because they were sent again in another piece."""
    for path in order:
        take(warehouse, path, as_json(*SPLITS[path]))
    assert in_force(warehouse) == billed("1", "1", "2", "3")
    assert warehouse.counts() == (6, 4, 0, 2, 0)


@pytest.mark.parametrize("days", [("05", "06"), ("06", "05")])
def test_files_by_day_add_up_and_exports_of_the_month_so_far_replace(warehouse: Warehouse, days: list[str]) -> None:
    """Catches a day's charges beaten by those of the next day, and a month counted once for each of its exports."""
    rows = {
        day: charge(ChargePeriodStart=f"2026-07-{day}T00:00:00Z", ChargePeriodEnd="2026-07-09T00:00:00Z")
        for day in ("05", "06")
    }
    for day in days:
        take(warehouse, f"invoices/2026-07-{day}.jsonl", as_json(rows[day] | {"BilledCost": day}))
    assert in_force(warehouse) == billed("5", "6")
    so_far = [row | {"BilledCost": "7"} for row in rows.values()]
    take(warehouse, "invoices/2026-07-07.jsonl", as_json(*so_far))
    assert in_force(warehouse) == billed("7", "7")


def test_an_invoice_replaces_what_was_not_invoiced_yet(warehouse: Warehouse) -> None:
    """Catches the charges of an open month that still count beside its invoice."""
    provisional = charge(InvoiceId="", BilledCost="9")
    take(warehouse, "invoices/2026-07-31.csv", as_csv(charge(BilledCost="10"), charge(BilledCost="1")))
    take(warehouse, "invoices/2026-07-15.csv", as_csv(provisional))
    assert in_force(warehouse) == billed("1", "10")
    other_account = charge(InvoiceId="", BilledCost="5", BillingAccountId="org-2")
    take(warehouse, "invoices/2026-07-16.csv", as_csv(other_account))
    assert in_force(warehouse) == billed("1", "5", "10")


def test_deliveries_are_ordered_as_people_read_their_names() -> None:
    """Catches version 10 before version 9, a restatement before what it restates, and a part taken for a version."""
    names = ["2026-07.csv", "2026-07 (1).csv", "2026-07-restated.csv", "v9/x.csv", "v10/x.csv"]
    assert sorted(reversed(names), key=natural_order) == names
    assert delivery_of("i/part-00001.csv.gz") == delivery_of("i/part-00002.csv")
    assert delivery_of("i/00001-of-00003.csv") == delivery_of("i/00002-of-00003.csv")
    assert delivery_of("i/export-00001.csv") == delivery_of("i/export-00002.csv")
    assert statement_of("i/2026-07-v2.csv") == statement_of("i/2026-07 (1).csv") == "i/2026-07"
    assert statement_of("i/20260801-20260831/run_20260805/x") == statement_of("i/20260801-20260831/run_20260806/x")
    assert len({statement_of(f"i/{name}.csv") for name in ("a", "b", "finally", "2026-07", "2026-08", "1", "2")}) == 7
    assert delivery_of("i/2026-07.csv") != delivery_of("i/2026-08.csv") != delivery_of("i/2026-08.parquet")
