"""Line items of a bill, before they take a shape."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

ZERO = Decimal(0)
PLACES = Decimal("1e-10")
"""AWS bills at ten decimals."""

COVERED = ("DiscountedUsage", "SavingsPlanCoveredUsage")
USAGE = ("Usage", *COVERED)
FEES = ("RIFee", "SavingsPlanRecurringFee")
LINE_TYPES = (*USAGE, *FEES, "SavingsPlanNegation", "Fee", "Credit", "Refund", "Tax")


@dataclass(frozen=True, slots=True)
class Product:
    """A service as the bills name it: its code (CUR), its name, FOCUS' category, and Cost Explorer's own name."""

    code: str
    name: str
    category: str = "Other"
    family: str = ""
    explorer: str = ""


@dataclass(frozen=True, slots=True)
class AccountOf:
    """Who pays, and who uses."""

    number: str = "123456789012"
    name: str = "smart-invoice-prod"
    payer: str = "123456789012"
    payer_name: str = "smart-invoice-prod"


@dataclass(frozen=True, slots=True)
class Line:
    """One line item, as CUR has it; amounts are in the bill's currency, exact.

    `cost` is unblended, `amortised` is what it costs with commitments spread over what they cover, `list_cost` is at
    public on-demand prices. `commitment` is the ARN of the reservation or savings plan behind it. `upfront` is the
    share of `cost` or `amortised` that was paid at the start.
    """

    start: datetime
    end: datetime
    product: Product
    usage_type: str
    operation: str
    unit: str
    usage: Decimal
    cost: Decimal
    amortised: Decimal
    list_cost: Decimal
    type: str = "Usage"
    rate: Decimal | None = None
    list_rate: Decimal | None = None
    description: str = ""
    resource: str = ""
    tags: tuple[tuple[str, str], ...] = ()
    region: str = "us-east-1"
    commitment: str = ""
    terms: str = ""
    account: AccountOf = AccountOf()

    @property
    def billing_period(self) -> str:
        """Month it is billed in, "2026-03"."""
        return f"{self.start.year}-{self.start.month:02d}"


def amount(quantity: Decimal, rate: Decimal) -> Decimal:
    """What a quantity costs, at the ten decimals of a bill."""
    return (quantity * rate).quantize(PLACES)


def tag_texts(lines: Iterable[Line]) -> dict[tuple[tuple[str, str], ...], str]:
    """The JSON text of each set of tags, keys as AWS writes those that users gave."""
    return {tags: json.dumps({f"user_{name}": value for name, value in tags}) for tags in {line.tags for line in lines}}


def plain(value: Decimal | None) -> str:
    """A number as text, without an exponent and without idle zeros; empty for None."""
    if value is None:
        return ""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def month_end(start: datetime) -> datetime:
    """The first instant of the month after."""
    return start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1, day=1, hour=0, minute=0)
