"""A bill as AWS Data Exports delivers FOCUS 1.0 with AWS columns to S3: one folder a billing period.

A line under a savings plan is billed nothing in FOCUS, where CUR bills it and takes it back with a negation: the
negation is no line here. Sums are the same.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ddms_ops.simulate.bill.csv_rows import write_csv
from ddms_ops.simulate.bill.lines import COVERED, FEES, USAGE, ZERO, Line, month_end, tag_texts

NUMBERS = (
    "BilledCost", "ConsumedQuantity", "ContractedCost", "ContractedUnitPrice", "EffectiveCost", "ListCost",
    "ListUnitPrice", "PricingQuantity",
)  # fmt: skip
TIMES = ("BillingPeriodEnd", "BillingPeriodStart", "ChargePeriodEnd", "ChargePeriodStart")
TEXTS = (
    "AvailabilityZone", "BillingAccountId", "BillingAccountName", "BillingCurrency", "ChargeCategory", "ChargeClass",
    "ChargeDescription", "ChargeFrequency", "CommitmentDiscountCategory", "CommitmentDiscountId",
    "CommitmentDiscountName", "CommitmentDiscountStatus", "CommitmentDiscountType", "ConsumedUnit",
    "InvoiceIssuerName", "PricingCategory", "PricingUnit", "ProviderName", "PublisherName", "RegionId", "RegionName",
    "ResourceId", "ResourceName", "ResourceType", "ServiceCategory", "ServiceName", "SkuId", "SkuPriceId",
    "SubAccountId", "SubAccountName", "Tags", "x_CostCategories", "x_Discounts", "x_Operation", "x_ServiceCode",
    "x_UsageType",
)  # fmt: skip
COLUMNS: dict[str, pa.DataType] = {
    name: pa.float64() if name in NUMBERS else pa.timestamp("ms", tz="UTC") if name in TIMES else pa.string()
    for name in sorted((*NUMBERS, *TIMES, *TEXTS))
}
NEGATION = "SavingsPlanNegation"


def write_focus(folder: Path, lines: Sequence[Line], *, form: str = "parquet", closed: str = "") -> list[Path]:
    """Write one file for each billing period; FOCUS 1.0 has no invoice ids, so `closed` says nothing here."""
    del closed
    found = []
    kept = sorted((line for line in lines if line.type != NEGATION), key=lambda line: line.billing_period)
    for period, inside in groupby(kept, lambda line: line.billing_period):
        path = folder / "data" / f"billing_period={period}" / "focus-report-00001"
        columns = _columns(list(inside), period)
        if form == "csv":
            path = path.with_suffix(".csv.gz")
            write_csv(path, list(COLUMNS), columns, time=lambda moment: f"{moment:%Y-%m-%dT%H:%M:%SZ}")
        else:
            path = path.with_suffix(".snappy.parquet")
            path.parent.mkdir(parents=True, exist_ok=True)
            pq.write_table(_table(columns), path, compression="snappy")
        found.append(path)
    return found


def _table(columns: dict[str, list[Any]]) -> pa.Table:
    rows = len(columns["ServiceName"])
    arrays = []
    for name, kind in COLUMNS.items():
        values = columns.get(name)
        if values is not None and pa.types.is_floating(kind):
            values = [None if value is None else float(value) for value in values]
        arrays.append(pa.nulls(rows, kind) if values is None else pa.array(values, kind))
    return pa.table(arrays, schema=pa.schema(list(COLUMNS.items())))


def _columns(lines: list[Line], period: str) -> dict[str, list[Any]]:
    start = datetime.fromisoformat(f"{period}-01T00:00:00+00:00")
    said = {
        "BillingCurrency": "USD", "BillingPeriodStart": start, "BillingPeriodEnd": month_end(start),
        "InvoiceIssuerName": "Amazon Web Services, Inc.", "ProviderName": "AWS", "PublisherName": "AWS",
        "x_CostCategories": "{}", "x_Discounts": "{}",
    }  # fmt: skip
    repeated: dict[str, list[Any]] = {name: [value] * len(lines) for name, value in said.items()}
    return {**repeated, **_charged(lines), **_used(lines)}


def _charged(lines: list[Line]) -> dict[str, list[Any]]:
    """What kind of charge, and how much."""
    billed = [ZERO if line.type in COVERED else line.cost for line in lines]
    return {
        "BilledCost": billed,
        "EffectiveCost": [line.amortised for line in lines],
        "ListCost": [line.list_cost for line in lines],
        "ContractedCost": [line.list_cost for line in lines],
        "ListUnitPrice": [line.rate if line.list_rate is None else line.list_rate for line in lines],
        "ContractedUnitPrice": [line.rate for line in lines],
        "ChargeCategory": [_category(line) for line in lines],
        "ChargeClass": ["Correction" if line.type == "Refund" else None for line in lines],
        "ChargeDescription": [line.description or None for line in lines],
        "ChargeFrequency": [_frequency(line) for line in lines],
        "ChargePeriodStart": [line.start for line in lines],
        "ChargePeriodEnd": [line.end for line in lines],
        "CommitmentDiscountId": [line.commitment or None for line in lines],
        "CommitmentDiscountCategory": [_commitment(line, "Spend", "Usage") for line in lines],
        "CommitmentDiscountType": [
            _commitment(line, "Compute Savings Plan", "Standard Reserved Instance") for line in lines
        ],  # fmt: skip
        "CommitmentDiscountStatus": ["Used" if line.type in COVERED else None for line in lines],
        "PricingCategory": [
            "Committed" if line.type in COVERED else "Standard" if line.type in USAGE else None for line in lines
        ],  # fmt: skip
    }


def _category(line: Line) -> str:
    if line.type in USAGE:
        return "Usage"
    if line.type in FEES or line.type == "Fee":
        return "Purchase"
    return line.type if line.type in ("Tax", "Credit") else "Usage" if line.type == "Refund" else "Adjustment"


def _frequency(line: Line) -> str:
    if line.type in USAGE:
        return "Usage-Based"
    return "Recurring" if line.type in FEES else "One-Time"


def _commitment(line: Line, of_plan: str, of_reservation: str) -> str | None:
    if not line.commitment:
        return None
    return of_plan if line.type.startswith("SavingsPlan") else of_reservation


def _used(lines: list[Line]) -> dict[str, list[Any]]:
    """What was used, and by whom."""
    tags = tag_texts(lines)
    quantities: list[Decimal | None] = [line.usage if line.type in USAGE else None for line in lines]
    units = [line.unit or None if line.type in USAGE else None for line in lines]
    return {
        "BillingAccountId": [line.account.payer for line in lines],
        "BillingAccountName": [line.account.payer_name for line in lines],
        "ConsumedQuantity": quantities,
        "ConsumedUnit": units,
        "PricingQuantity": [line.usage for line in lines],
        "PricingUnit": [line.unit or None for line in lines],
        "RegionId": [line.region or None for line in lines],
        "ResourceId": [line.resource or None for line in lines],
        "ServiceCategory": [line.product.category for line in lines],
        "ServiceName": [line.product.name for line in lines],
        "SubAccountId": [line.account.number for line in lines],
        "SubAccountName": [line.account.name for line in lines],
        "Tags": [tags[line.tags] for line in lines],
        "x_Operation": [line.operation or None for line in lines],
        "x_ServiceCode": [line.product.code for line in lines],
        "x_UsageType": [line.usage_type or None for line in lines],
    }
