"""A bill as a Cost and Usage Report, and an account whose Cost Explorer knows it."""

import csv
import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ddms_ops.declaration import Profile
from ddms_ops.profile import load_profile
from ddms_ops.sandbox.server import Sandbox
from ddms_ops.sources.live import LiveSource
from ddms_ops.window import Window

NOW = pd.Timestamp("2026-03-10T12:00Z")
STAMP = "%Y-%m-%dT%H:%M:%SZ"
NAMES = {"AmazonTextract": "Amazon Textract", "AmazonS3": "Amazon Simple Storage Service", "AWSLambda": "AWS Lambda"}
COLUMNS = (
    "identity_line_item_id", "identity_time_interval", "bill_invoice_id", "bill_payer_account_id",
    "line_item_usage_account_id", "line_item_line_item_type", "line_item_usage_start_date", "line_item_usage_end_date",
    "line_item_product_code", "line_item_usage_type", "line_item_operation", "line_item_resource_id",
    "line_item_usage_amount", "line_item_currency_code", "line_item_unblended_cost", "product_product_name",
    "product_region_code", "pricing_unit", "pricing_public_on_demand_cost", "reservation_effective_cost",
    "reservation_reservation_a_r_n", "reservation_unused_amortized_upfront_fee_for_billing_period",
    "reservation_unused_recurring_fee", "savings_plan_savings_plan_a_r_n", "savings_plan_savings_plan_effective_cost",
    "savings_plan_total_commitment_to_date", "savings_plan_used_commitment", "resource_tags",
)  # fmt: skip
Line = dict[str, str]


def days(start: str, end: str) -> Window:
    """Whole days, the end not in it."""
    return Window(pd.Timestamp(start, tz="UTC"), pd.Timestamp(end, tz="UTC"))


def line(
    day: str, product: str, usage_type: str, cost: str, usage: str = "1", unit: str = "Units", **more: str
) -> Line:
    """One line of an invoiced day; `kind` is its type, and `tags` a JSON object."""
    start = pd.Timestamp(day)
    end = start + pd.Timedelta(hours=1)
    told = {
        "identity_time_interval": f"{start:{STAMP}}/{end:{STAMP}}", "bill_invoice_id": "1",
        "bill_payer_account_id": "123456789012", "line_item_usage_account_id": "123456789012",
        "line_item_line_item_type": more.pop("kind", "Usage"), "line_item_usage_start_date": f"{start:{STAMP}}",
        "line_item_usage_end_date": f"{end:{STAMP}}", "line_item_product_code": product,
        "line_item_usage_type": usage_type, "line_item_operation": more.pop("operation", "Run"),
        "line_item_usage_amount": usage, "line_item_currency_code": "USD", "line_item_unblended_cost": cost,
        "product_product_name": NAMES.get(product, product), "product_region_code": "us-east-1", "pricing_unit": unit,
        "resource_tags": more.pop("tags", "{}"),
    }  # fmt: skip
    return dict.fromkeys(COLUMNS, "") | told | more


def write_bill(root: Path, *lines: Line, name: str = "data/BILLING_PERIOD=2026-03/bill.csv") -> Path:
    """An export that holds the lines as one file below costs/."""
    path = root / "costs" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS)
        writer.writeheader()
        writer.writerows({"identity_line_item_id": f"{name}-{place}"} | _own(one) for place, one in enumerate(lines))
    return root


def _own(one: Line) -> Line:
    return {name: value for name, value in one.items() if name != "identity_line_item_id" or value}


def every_kind() -> list[Line]:
    """Five days of usage of three services, covered and not, with all that a bill charges besides."""
    lines = [
        line("2026-03-01", "AmazonEC2", "RI", "744", kind="Fee", reservation_reservation_a_r_n="arn:ri"),
        line("2026-03-01", "AWSLambda", "Tax", "12.5", kind="Tax"),
        line("2026-03-02", "AmazonTextract", "Pages", "-5.25", kind="Credit"),
        line("2026-03-03", "AmazonS3", "Storage", "-0.5", kind="Refund"),
        line("2026-03-03", "ComputeSavingsPlans", "Plan", "24", kind="SavingsPlanRecurringFee",
             savings_plan_total_commitment_to_date="24", savings_plan_used_commitment="20.1234567891"),
        line("2026-03-03", "AWSLambda", "GB-Second", "-6.5", kind="SavingsPlanNegation"),
        line("2026-03-04", "AWSLambda", "GB-Second", "6.5", "400", "GB-Seconds", kind="SavingsPlanCoveredUsage",
             savings_plan_savings_plan_effective_cost="4.1000000003"),
        line("2026-03-04", "AWSLambda", "GB-Second", "-0.25", "0", "GB-Seconds", kind="EdpDiscount"),
    ]  # fmt: skip
    for day in range(1, 6):
        stamp = f"2026-03-0{day}"
        invoice = {"bill_invoice_id": "" if day == 5 else "1"}
        tags, pages = json.dumps({"user_component": "inference" if day % 2 else "upload"}), f"{day}00"
        lines += [
            line(
                f"{stamp}T03:00", "AmazonTextract", "Pages", f"{day}.0123456789", pages, "Pages", tags=tags, **invoice
            ),
            line(f"{stamp}T23:00", "AmazonTextract", "Pages", "0.0000000001", "3.5", "Pages", **invoice),
            line(f"{stamp}T05:00", "AmazonS3", "Requests-Tier1", "0.1", "20000", "Requests", **invoice),
            line(stamp, "AmazonEC2", "BoxUsage:t3.small", "0", "24", "Hrs", kind="DiscountedUsage",
                 reservation_effective_cost="0.2871111111", reservation_reservation_a_r_n="arn:ri", **invoice),
            line(stamp, "AmazonEC2", "NatGateway-Bytes", "1.5", "33.3333333333", "GB", **invoice),
        ]  # fmt: skip
    return lines


@contextmanager
def account(export: Path | None, environment: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """An AWS that serves an export, the only one there is."""
    with Sandbox(export) as sandbox:
        for name, value in sandbox.environment.items():
            environment.setenv(name, value)
        yield sandbox


@cache
def system() -> Profile:
    """The profile of smart-invoice, read once."""
    return load_profile("smart-invoice")


def live_source(**given: Any) -> LiveSource:
    """The account as a source, on 2026-03-10."""
    return LiveSource(system(), "", clock=lambda: NOW, **given)
