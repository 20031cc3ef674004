"""Instances under a reservation, under a savings plan, and databases that are reserved during a scenario."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from ddms_ops.simulate.bill import Line
from ddms_ops.simulate.bill.lines import ZERO, amount, month_end
from ddms_ops.simulate.cloudtrail import ACCOUNT, REGION
from ddms_ops.simulate.invoice.catalog import EC2, PLANS, RDS
from ddms_ops.simulate.invoice.scenario import CostScenario, moment

HOUR, ONE = timedelta(hours=1), Decimal(1)
BOX, BOX_RATE = "BoxUsage:m5.xlarge", Decimal("0.192")
RESERVED_RATE, PLAN_RATE, COMMITTED = Decimal("0.121"), Decimal("0.141"), Decimal("0.15")
DATABASE, DATABASE_RATE, DATABASES = "InstanceUsage:db.r6g.large", Decimal("0.26"), 2
YEAR_H = Decimal(8760)
INSTANCE_RESERVATION = f"arn:aws:ec2:{REGION}:{ACCOUNT}:reserved-instances/6f0b8c1e-77a1-4f0e-9d0b-1c2d3e4f5a6b"
DATABASE_RESERVATION = f"arn:aws:rds:{REGION}:{ACCOUNT}:ri:ri-2026-db-r6g-large"
PLAN = f"arn:aws:savingsplans::{ACCOUNT}:savingsplan/3b2f6a10-41d5-4c53-8f6d-0f8f3a3a9b11"
TAGS = (("component", "portal"),)
NEW_DATABASE_RATE = Decimal("0.1687")


def committed_lines(scenario: CostScenario, hours: list[datetime]) -> list[Line]:
    """Lines of all that a commitment covers, or comes to cover, and what the commitments cost."""
    onset = moment(scenario.begins_ms)
    is_bought = scenario.effect == "reservation"
    lines = [line for hour in hours for line in _instances(hour)]
    lines += [line for hour in hours for line in _databases(hour, is_bought and hour >= onset)]
    if is_bought:
        lines.append(_upfront(onset))
    return lines


def _hour(hour: datetime, usage_type: str, resource: str, price: Decimal, **more: object) -> Line:
    values: dict[str, object] = {
        "start": hour, "end": hour + HOUR, "product": EC2, "usage_type": usage_type, "operation": "RunInstances",
        "unit": "Hrs", "usage": ONE, "cost": price, "amortised": price, "list_cost": price,
        "rate": price, "list_rate": price, "resource": resource, "tags": TAGS,
    }  # fmt: skip
    return Line(**{**values, **more})  # type: ignore[arg-type]


def _instances(hour: datetime) -> Iterator[Line]:
    yield _hour(
        hour, BOX, "i-0a1b2c3d4e5f60002", BOX_RATE, type="DiscountedUsage", cost=ZERO, rate=ZERO,
        amortised=RESERVED_RATE, commitment=INSTANCE_RESERVATION, terms="No Upfront",
    )  # fmt: skip
    plan = {"commitment": PLAN, "terms": "No Upfront"}
    yield _hour(hour, BOX, "i-0a1b2c3d4e5f60003", BOX_RATE, type="SavingsPlanCoveredUsage", amortised=PLAN_RATE, **plan)
    yield _hour(
        hour, BOX, "i-0a1b2c3d4e5f60003", BOX_RATE, type="SavingsPlanNegation", cost=-BOX_RATE, amortised=ZERO,
        list_cost=ZERO, description="SavingsPlanNegation used by the compute savings plan", **plan,
    )  # fmt: skip
    yield _hour(
        hour, "ComputeSP:1yrNoUpfront", PLAN, COMMITTED, product=PLANS, operation="", type="SavingsPlanRecurringFee",
        amortised=COMMITTED - PLAN_RATE, list_cost=ZERO, description="1 year No Upfront Compute Savings Plan",
        tags=(), region="", **plan,
    )  # fmt: skip
    if hour.day == 1 and hour.hour == 0:
        end = month_end(hour)
        usage = Decimal(round((end - hour) / HOUR))
        yield _hour(
            hour, "HeavyUsage:m5.xlarge", "", RESERVED_RATE, end=end, type="RIFee", usage=usage,
            cost=amount(usage, RESERVED_RATE), amortised=ZERO, list_cost=ZERO, commitment=INSTANCE_RESERVATION,
            tags=(), description="USD 0.121 hourly fee per m5.xlarge instance", terms="No Upfront",
        )  # fmt: skip


def _databases(hour: datetime, is_reserved: bool) -> Iterator[Line]:
    kind: dict[str, object] = {}
    if is_reserved:
        kind = {"type": "DiscountedUsage", "cost": ZERO, "rate": ZERO, "amortised": NEW_DATABASE_RATE,
                "commitment": DATABASE_RESERVATION, "terms": "All Upfront"}  # fmt: skip
    for number in range(DATABASES):
        resource = f"arn:aws:rds:{REGION}:{ACCOUNT}:db:smart-invoice-portal-{number}"
        yield _hour(hour, DATABASE, resource, DATABASE_RATE, product=RDS, operation="CreateDBInstance:0014", **kind)


def _upfront(hour: datetime) -> Line:
    """What is paid for a year on the day of the purchase."""
    cost = amount(YEAR_H * DATABASES, NEW_DATABASE_RATE)
    return _hour(
        hour, "HeavyUsage:db.r6g.large", "", cost, product=RDS, operation="CreateDBInstance:0014", type="Fee",
        unit="", usage=Decimal(DATABASES), rate=None, list_rate=None, amortised=ZERO, list_cost=ZERO, tags=(),
        commitment=DATABASE_RESERVATION, terms="All Upfront", description="Sign up charge for subscription",
    )  # fmt: skip
