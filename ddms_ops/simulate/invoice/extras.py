"""Lines that only some scenarios have: a fleet that ends while another service begins, and a daily credit."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from ddms_ops.simulate.bill import Line, Product
from ddms_ops.simulate.bill.lines import ZERO, amount
from ddms_ops.simulate.cloudtrail import ACCOUNT, REGION
from ddms_ops.simulate.invoice.catalog import EC2, SAGEMAKER, TEXTRACT
from ddms_ops.simulate.invoice.scenario import CostScenario, moment

HOUR, DAY, ONE = timedelta(hours=1), timedelta(days=1), Decimal(1)
FLEET, FLEET_RATE = "BoxUsage:c5.9xlarge", Decimal("1.53")
ENDPOINT, ENDPOINT_RATE = "USE1-Host:ml.g5.2xlarge", Decimal("1.515")
TAGS = (("component", "batch"),)
CREDIT = Decimal("-20.8")  # a day, for each 1 of the factor
HOSTS = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:endpoint/invoice-embeddings"


def machines(scenario: CostScenario) -> tuple[int, int]:
    """How many instances end and how many begin: about `factor` x 100 USD a day each."""
    old = round(Decimal(str(scenario.factor)) * 100 / 24 / FLEET_RATE)
    return old, round(old * FLEET_RATE / ENDPOINT_RATE)


def offset_lines(scenario: CostScenario, hours: list[datetime]) -> list[Line]:
    """A fleet until the onset, an endpoint from it on, of the offsets."""
    if scenario.effect != "offsets":
        return []
    onset = moment(scenario.begins_ms)
    return [line for hour in hours for line in _machines(scenario, hour, hour >= onset)]


def _machines(scenario: CostScenario, hour: datetime, is_new: bool) -> Iterator[Line]:
    old, new = machines(scenario)
    if is_new:
        yield _machine(hour, SAGEMAKER, ENDPOINT, "CreateEndpoint", ENDPOINT_RATE, HOSTS, Decimal(new))
        return
    for number in range(old):
        yield _machine(hour, EC2, FLEET, "RunInstances", FLEET_RATE, f"i-0ba7c4{number:011x}", ONE)


def _machine(
    hour: datetime, product: Product, usage_type: str, operation: str, rate: Decimal, resource: str, usage: Decimal
) -> Line:
    cost = amount(usage, rate)
    return Line(
        start=hour, end=hour + HOUR, product=product, usage_type=usage_type, operation=operation, unit="Hrs",
        usage=usage, cost=cost, amortised=cost, list_cost=cost, rate=rate, description=f"${rate} per hour",
        resource=resource, tags=TAGS,
    )  # fmt: skip


def credit_lines(scenario: CostScenario, hours: list[datetime]) -> list[Line]:
    """A promotional credit every day, until the onset."""
    if scenario.effect != "credit":
        return []
    onset = moment(scenario.begins_ms)
    cost = CREDIT * Decimal(str(scenario.factor))
    return [
        Line(
            start=hour, end=hour + DAY, product=TEXTRACT, usage_type="USE1-AnalyzeExpensePages", operation="",
            unit="", usage=ZERO, cost=cost, amortised=cost, list_cost=ZERO, type="Credit",
            description="AWS Activate promotional credit",
        )
        for hour in hours
        if hour.hour == 0 and hour < onset
    ]  # fmt: skip
