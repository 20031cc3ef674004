"""What is charged once a month, on its first day: support, tax, hosted zones, and a credit."""

from datetime import datetime, timedelta
from decimal import Decimal

from ddms_ops.simulate.bill import Line, Product
from ddms_ops.simulate.bill.lines import ZERO, month_end
from ddms_ops.simulate.invoice.catalog import LAMBDA, ROUTE53, SUPPORT, TEXTRACT

ONE, HOUR = Decimal(1), timedelta(hours=1)
SUPPORT_FEE, TAX, CREDIT, ZONE, ZONES = Decimal("264.18"), Decimal("338.52"), Decimal("-75"), Decimal("0.5"), 3


def monthly_lines(first: datetime, end: datetime) -> list[Line]:
    """The charges of every month that begins in the bill."""
    start = first if first.day == 1 and first.hour == 0 else month_end(first)
    lines = []
    while start < end:
        over = month_end(start)
        lines += [
            _line(start, over, SUPPORT, "Dollar", "Fee", SUPPORT_FEE, "AWS Support (Business)", region=""),
            _line(start, over, TEXTRACT, "USE1-AnalyzeExpensePages", "Tax", TAX, "Tax of type USSalesTax"),
            _line(
                start,
                start + HOUR,
                LAMBDA,
                "Lambda-GB-Second",
                "Credit",
                CREDIT,
                "AWS credit for open data",
            ),
        ]
        hosted = _line(
            start, start + HOUR, ROUTE53, "HostedZone", "Usage", ZONE * ZONES, "$0.50 per Hosted Zone", region=""
        )
        lines.append(hosted)
        start = over
    return lines


def _line(
    start: datetime, end: datetime, product: Product, usage_type: str, kind: str, cost: Decimal, description: str,
    *, region: str = "us-east-1",
) -> Line:  # fmt: skip
    is_usage = kind == "Usage"
    return Line(
        start=start, end=end, product=product, usage_type=usage_type, operation="",
        unit="HostedZone" if is_usage else "", usage=Decimal(ZONES) if is_usage else ONE, cost=cost, amortised=cost,
        list_cost=cost if is_usage else ZERO, rate=ZONE if is_usage else None, type=kind, description=description,
        region=region,
    )  # fmt: skip
