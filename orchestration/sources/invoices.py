"""Invoices: cost-and-usage rows of the FinOps Open Cost and Usage Specification, versions 1.0 to 1.4."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from orchestration.ingest.batches import Batch, Values
from orchestration.ingest.family import Family, one_a_line
from orchestration.ingest.fields import fields
from orchestration.ingest.frames import Field, Frame, ParseContext, Problems, typed_column
from orchestration.ingest.privacy import is_private
from orchestration.ingest.reasons import BAD_TIME
from orchestration.sources.invoice_tables import FOCUS_ROWS
from orchestration.sources.native import rescue

CHARGE_CATEGORIES = frozenset({"Usage", "Purchase", "Tax", "Credit", "Adjustment"})
CHARGE_CLASSES = frozenset({"Correction"})

FIELDS: tuple[Field, ...] = fields(
    "provider_name! host_provider_name publisher_name invoice_issuer_name billing_account_id sub_account_id invoice_id"
    " billing_period_start:due! billing_period_end:due charge_period_start:time! charge_period_end:due!"
    " charge_category:word! charge_class:word charge_description charge_frequency pricing_category service_category"
    " service_name sku_id sku_meter sku_price_id region_id resource_id billing_currency:currency!"
    " pricing_currency:currency billed_cost:stated! effective_cost:stated contracted_cost:stated list_cost:stated"
    " pricing_currency_effective_cost:stated contracted_unit_price:stated list_unit_price:stated"
    " consumed_quantity:stated consumed_unit pricing_quantity:stated pricing_unit",
    charge_category=CHARGE_CATEGORIES,
    charge_class=CHARGE_CLASSES,
)
# Where the specification renamed a column, the newer name first; the first that holds a value counts.
NAMES: dict[str, tuple[str, ...]] = {
    "provider_name": ("ServiceProviderName", "ProviderName", "InvoiceIssuerName"),
    "host_provider_name": ("HostProviderName",),
    "invoice_issuer_name": ("InvoiceIssuerName", "InvoiceIssuer"),
    "invoice_id": ("InvoiceId", "x_InvoiceId"),
}
# Columns of the specification that are not used; anything else is a company's own and is rescued.
_UNUSED = (
    "AvailabilityZone AllocatedMethodId AllocatedMethodDetails AllocatedResourceId AllocatedResourceName AllocatedTags "
    "BillingAccountName BillingAccountType CapacityReservationId CapacityReservationStatus "
    "CommitmentDiscountCategory CommitmentDiscountId CommitmentDiscountName CommitmentDiscountQuantity "
    "CommitmentDiscountStatus CommitmentDiscountType CommitmentDiscountUnit CommitmentProgramEligibilityDetails "
    "ContractApplied InvoiceDetailId PricingCurrencyContractedUnitPrice PricingCurrencyListUnitPrice RegionName "
    "ResourceName ResourceType ServiceSubcategory SkuPriceDetails SubAccountName SubAccountType TagDetails Tags"
)


def _camel(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))


SOURCES: dict[str, tuple[str, ...]] = {field.name: NAMES.get(field.name, (_camel(field.name),)) for field in FIELDS}
KNOWN = {name for names in SOURCES.values() for name in names} | set(_UNUSED.split())
NEEDED: tuple[tuple[str, ...], ...] = tuple(SOURCES[field.name] for field in FIELDS if field.needed)


class FocusParser:
    """Parser of ``invoices.focus_rows``. See ``frames.Parser``."""

    def __init__(self, context: ParseContext) -> None:
        self._context = context
        self._used = {name for names in SOURCES.values() for name in names}

    def wants(self, name: str) -> bool:
        return name in self._used or (name not in KNOWN and not is_private(name))

    def parse(self, batch: Batch, *, lenient_numbers: bool) -> Frame:
        problems = Problems()
        columns: dict[str, pa.Array] = {
            field.name: typed_column(
                field,
                _first_given(batch.values, SOURCES[field.name]),
                problems,
                latest=self._context.latest,
                lenient=lenient_numbers,
                # The specification has all times in UTC; Parquet exports often leave the zone out.
                naive_is_utc=True,
            )
            for field in FIELDS
        }
        for kind in ("charge_period", "billing_period"):
            ends_early = pc.less_equal(columns[f"{kind}_end"], columns[f"{kind}_start"])
            problems.add_where(ends_early, BAD_TIME, f"{kind}_end")
        columns["_rescued"], _ = rescue(batch.values, KNOWN)
        return problems.split(columns, batch, self._context.hasher)


def _first_given(values: Values, names: tuple[str, ...]) -> list[Any]:
    """Of each row, the value under the first of the names that holds one."""
    present = values.names()
    columns = [values.column(name) for name in names if name in present]
    if len(columns) < 2:
        return columns[0] if columns else [None] * len(values)
    return [next((value for value in row if value not in (None, "")), None) for row in zip(*columns, strict=True)]


SOURCE = Family(
    name="invoices",
    description="invoices as FOCUS cost-and-usage rows (1.0 to 1.4): JSON lines, CSV or Parquet",
    tables=(FOCUS_ROWS,),
    needed=NEEDED,
    make_parser=FocusParser,
    layout=one_a_line(*(name for names in NEEDED for name in names)),
    unconnected="invoices are compared with all attempts and change none",
)
