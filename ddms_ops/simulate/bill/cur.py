"""A bill as AWS Data Exports delivers CUR 2.0 to S3: one folder a billing period."""

import json
from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any
from zlib import crc32

import pyarrow as pa
import pyarrow.parquet as pq

from ddms_ops.simulate.bill.csv_rows import write_csv
from ddms_ops.simulate.bill.cur_columns import COLUMNS
from ddms_ops.simulate.bill.lines import COVERED, FEES, USAGE, ZERO, Line, month_end, plain, tag_texts
from ddms_ops.simulate.ids import hexes_of

Columns = dict[str, list[Any]]
ENTITY = "Amazon Web Services, Inc."
STAMP = "%Y-%m-%dT%H:%M:%SZ"


def write_cur(folder: Path, lines: Sequence[Line], *, form: str = "parquet", closed: str = "") -> list[Path]:
    """Write one file for each billing period.

    In Parquet costs are doubles and times have no zone, as AWS has it; in csv costs are exact text. Months before
    `closed` have an invoice.
    """
    found = []
    for period, inside in groupby(
        sorted(lines, key=lambda line: line.billing_period), lambda line: line.billing_period
    ):
        path = folder / "data" / f"BILLING_PERIOD={period}" / "cost-report-00001"
        columns = _columns(list(inside), period, is_closed=bool(closed) and period < closed)
        if form == "csv":
            path = path.with_suffix(".csv.gz")
            write_csv(path, list(COLUMNS), columns, time=_stamp)
        else:
            path = path.with_suffix(".snappy.parquet")
            path.parent.mkdir(parents=True, exist_ok=True)
            pq.write_table(_table(columns), path, compression="snappy")
        found.append(path)
    return found


def _stamp(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S.000Z}"


def _table(columns: Columns) -> pa.Table:
    """The columns in their types; what nothing is said of is null."""
    rows = len(columns["line_item_usage_type"])
    arrays = []
    for name, kind in COLUMNS.items():
        values = columns.get(name)
        if values is None:
            arrays.append(pa.nulls(rows, kind))
        elif pa.types.is_floating(kind):
            arrays.append(pa.array([None if value is None else float(value) for value in values], kind))
        elif pa.types.is_timestamp(kind):
            arrays.append(pa.array(values, pa.timestamp("ms", tz="UTC")).cast(kind))
        else:
            arrays.append(pa.array(values, kind))
    return pa.table(arrays, schema=pa.schema(list(COLUMNS.items())))


def _columns(lines: list[Line], period: str, *, is_closed: bool) -> Columns:
    """The columns that say something about these lines."""
    start = datetime.fromisoformat(f"{period}-01T00:00:00+00:00")
    invoice = str(1_600_000_000 + crc32(period.encode()) % 400_000_000) if is_closed else None
    said = {
        "bill_bill_type": "Anniversary",
        "bill_billing_entity": "AWS",
        "bill_billing_period_start_date": start,
        "bill_billing_period_end_date": month_end(start),
        "bill_invoice_id": invoice,
        "bill_invoicing_entity": ENTITY,
        "line_item_currency_code": "USD",
        "line_item_legal_entity": ENTITY,
        "pricing_currency": "USD",
        "cost_category": "{}",
        "discount": "{}",
    }
    repeated: Columns = {name: [value] * len(lines) for name, value in said.items()}
    return {**repeated, **_item(lines), **_priced(lines), **_committed(lines)}


def _item(lines: list[Line]) -> Columns:
    """What was used, when, and by whom."""
    places = [f"{line.resource}{line.tags}{line.type}{line.commitment}" for line in lines]
    marks = [crc32(f"{line.product.code}{line.usage_type}{line.operation}{place}{line.start}".encode())
             for line, place in zip(lines, places, strict=True)]  # fmt: skip
    products = {product: json.dumps({"product_name": product.name}) for product in {line.product for line in lines}}
    tags = tag_texts(lines)
    stamps = {time: f"{time:{STAMP}}" for time in {time for line in lines for time in (line.start, line.end)}}
    return {
        "bill_payer_account_id": [line.account.payer for line in lines],
        "bill_payer_account_name": [line.account.payer_name for line in lines],
        "identity_line_item_id": hexes_of([place + (mark << 24) for place, mark in enumerate(marks)], 41),
        "identity_time_interval": [f"{stamps[line.start]}/{stamps[line.end]}" for line in lines],
        "line_item_line_item_description": [line.description or None for line in lines],
        "line_item_line_item_type": [line.type for line in lines],
        "line_item_operation": [line.operation or None for line in lines],
        "line_item_product_code": [line.product.code for line in lines],
        "line_item_resource_id": [line.resource or None for line in lines],
        "line_item_tax_type": ["USSalesTax" if line.type == "Tax" else None for line in lines],
        "line_item_usage_account_id": [line.account.number for line in lines],
        "line_item_usage_account_name": [line.account.name for line in lines],
        "line_item_usage_amount": [line.usage for line in lines],
        "line_item_usage_end_date": [line.end for line in lines],
        "line_item_usage_start_date": [line.start for line in lines],
        "line_item_usage_type": [line.usage_type or None for line in lines],
        "product": [products[line.product] for line in lines],
        "product_operation": [line.operation or None for line in lines],
        "product_product_family": [line.product.family or None for line in lines],
        "product_region_code": [line.region or None for line in lines],
        "product_servicecode": [line.product.code for line in lines],
        "product_usagetype": [line.usage_type or None for line in lines],
        "resource_tags": [tags[line.tags] for line in lines],
    }


def _priced(lines: list[Line]) -> Columns:
    """What it costs."""
    is_usage = [line.type in USAGE for line in lines]
    rates = [None if line.rate is None else plain(line.rate) for line in lines]
    listed = [line.rate if line.list_rate is None else line.list_rate for line in lines]
    return {
        "line_item_blended_cost": [line.cost for line in lines],
        "line_item_blended_rate": rates,
        "line_item_unblended_cost": [line.cost for line in lines],
        "line_item_unblended_rate": rates,
        "pricing_public_on_demand_cost": [
            line.list_cost if own else ZERO for line, own in zip(lines, is_usage, strict=True)
        ],
        "pricing_public_on_demand_rate": [None if rate is None else plain(rate) for rate in listed],
        "pricing_term": [
            "Reserved" if line.type == "DiscountedUsage" else "OnDemand" if own else None
            for line, own in zip(lines, is_usage, strict=True)
        ],  # fmt: skip
        "pricing_unit": [line.unit or None for line in lines],
        "pricing_purchase_option": [line.terms or None for line in lines],
    }


def _committed(lines: list[Line]) -> Columns:
    """What reservations and savings plans make of it."""
    is_plan = [line.type.startswith("SavingsPlan") for line in lines]
    rows = list(zip(lines, is_plan, strict=True))
    fees = {place: line for place, (line, plan) in enumerate(rows) if plan and line.type in FEES}
    return {
        "reservation_reservation_a_r_n": [line.commitment or None if not plan else None for line, plan in rows],
        "reservation_effective_cost": [line.amortised if line.type == COVERED[0] else ZERO for line in lines],
        "reservation_unused_recurring_fee": [line.amortised if line.type == "RIFee" else ZERO for line in lines],
        "reservation_unused_amortized_upfront_fee_for_billing_period": [ZERO] * len(lines),
        "savings_plan_savings_plan_a_r_n": [line.commitment or None if plan else None for line, plan in rows],
        "savings_plan_savings_plan_effective_cost": [
            line.amortised if line.type == COVERED[1] else ZERO for line in lines
        ],
        "savings_plan_total_commitment_to_date": [
            fees[place].cost if place in fees else ZERO for place in range(len(lines))
        ],
        "savings_plan_used_commitment": [
            fees[place].cost - fees[place].amortised if place in fees else ZERO for place in range(len(lines))
        ],
    }
