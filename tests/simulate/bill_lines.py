"""A small bill by hand, and independent readings of what is written of it."""

import csv
import gzip
import io
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from ddms_ops.simulate.bill import Line, Product

HOUR = timedelta(hours=1)
FIRST = datetime(2026, 2, 28, tzinfo=UTC)
TEXTRACT = Product("AmazonTextract", "Amazon Textract")
EC2 = Product("AmazonEC2", "Amazon Elastic Compute Cloud", explorer="EC2 - Other")
PLANS = Product("ComputeSavingsPlans", "Savings Plans for AWS Compute usage")
Sums = dict[str, tuple[Decimal, Decimal]]


def line(hour: int, cost: str, amortised: str | None = None, **more: object) -> Line:
    """A line of one hour, so many after 28 February 2026."""
    start = FIRST + hour * HOUR
    values = {
        "start": start, "end": start + HOUR, "product": TEXTRACT, "usage_type": "USE1-Pages", "operation": "Analyze",
        "unit": "Pages", "usage": Decimal(10), "cost": Decimal(cost), "amortised": Decimal(amortised or cost),
        "list_cost": Decimal(cost), "rate": Decimal("0.01"),
    }  # fmt: skip
    return Line(**{**values, **more})


def small_bill() -> list[Line]:
    """Two days over the turn of a month: every type of line, ten decimals, a negative usage."""
    box = {"product": EC2, "usage_type": "BoxUsage:m5.large", "operation": "RunInstances", "unit": "Hrs"}
    plan = {**box, "commitment": "arn:plan"}
    return [
        line(0, "0.0123456789", resource="a", tags=(("component", "x"), ("env", "ünï"))),
        line(0, "0.1000000001", resource="b"),
        line(1, "-0.0400000000", usage=Decimal(-4)),
        line(3, "0", "0.0605", type="DiscountedUsage", commitment="arn:reserved", **box),
        line(3, "0.096", "0.0705", type="SavingsPlanCoveredUsage", **plan),
        line(3, "-0.096", "0", type="SavingsPlanNegation", **plan),
        line(3, "0.08", "0.0095", type="SavingsPlanRecurringFee", product=PLANS, commitment="arn:plan", unit=""),
        line(24, "45.012", "0", type="RIFee", commitment="arn:reserved", end=FIRST + 32 * 24 * HOUR, **box),
        line(25, "1200", "0", type="Fee", commitment="arn:reserved", **box),
        line(26, "-7.5", type="Credit"),
        line(27, "-0.25", type="Refund"),
        line(28, "3.333", type="Tax"),
        line(47, "0.0000000001"),
    ]


def expected() -> Sums:
    """Billed and amortised of each day, added up by hand."""
    return {
        "2026-02-28": (Decimal("0.1523456790"), Decimal("0.2128456790")),
        "2026-03-01": (Decimal("1240.5950000001"), Decimal("-4.4169999999")),
    }


def rows(folder: Path) -> list[dict[str, str]]:
    """Rows of every csv.gz below a folder."""
    texts = [gzip.decompress(path.read_bytes()).decode() for path in sorted(folder.rglob("*.csv.gz"))]
    return [row for text in texts for row in csv.DictReader(io.StringIO(text))]


def summed(found: list[tuple[str, Decimal, Decimal]]) -> Sums:
    """Billed and amortised of each day."""
    sums: Sums = {}
    for day, billed, amortised in found:
        before = sums.get(day, (Decimal(0), Decimal(0)))
        sums[day] = (before[0] + billed, before[1] + amortised)
    return sums


def amortised_of(row: dict[str, str]) -> Decimal:
    """A line of CUR with commitments spread, as AWS' own query for it has it."""

    def of(name: str) -> Decimal:
        return Decimal(str(row[name] or 0))

    kind = row["line_item_line_item_type"]
    if kind == "DiscountedUsage":
        return of("reservation_effective_cost")
    if kind == "RIFee":
        unused = "reservation_unused_amortized_upfront_fee_for_billing_period"
        return of(unused) + of("reservation_unused_recurring_fee")
    if kind == "SavingsPlanCoveredUsage":
        return of("savings_plan_savings_plan_effective_cost")
    if kind == "SavingsPlanRecurringFee":
        return of("savings_plan_total_commitment_to_date") - of("savings_plan_used_commitment")
    is_upfront = kind == "Fee" and row["reservation_reservation_a_r_n"]
    return Decimal(0) if kind == "SavingsPlanNegation" or is_upfront else of("line_item_unblended_cost")
