"""The line items of eight weeks: what the work costs by the hour, commitments, and monthly charges."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from ddms_ops.simulate.bill import Line
from ddms_ops.simulate.bill.lines import amount, month_end
from ddms_ops.simulate.invoice.catalog import CHARGES, Charge
from ddms_ops.simulate.invoice.commitments import committed_lines
from ddms_ops.simulate.invoice.extras import credit_lines, offset_lines
from ddms_ops.simulate.invoice.monthly import monthly_lines
from ddms_ops.simulate.invoice.scenario import HOUR_MS, CostScenario, moment
from ddms_ops.simulate.invoice.series import Series, hourly

HOUR = timedelta(hours=1)
LATE_H = {"AmazonBedrock": 34, "AmazonCloudFront": 40, "AmazonTextract": 28, "AmazonCloudWatch": 18}
LATE_USUALLY_H = 11


def bill_lines(scenario: CostScenario, series: Series) -> list[Line]:
    """Every line of the bill; of its last days only those that had come when the export was made."""
    hours = [moment(scenario.bill_ms + HOUR_MS * place) for place in range(len(hourly(series["hours"])))]
    lines = [line for name, charge in CHARGES.items() for line in _charged(scenario, name, charge, series, hours)]
    lines += committed_lines(scenario, hours)
    lines += monthly_lines(hours[0], hours[-1] + HOUR)
    lines += offset_lines(scenario, hours) + credit_lines(scenario, hours)
    return [line for line in lines if _has_come(scenario, line)]


def _has_come(scenario: CostScenario, line: Line) -> bool:
    """Whether a service had reported the line when the export was made; some report a day late."""
    if line.type in ("Fee", "RIFee", "Tax", "Credit"):
        return True
    lateness = scenario.times("unfinished")
    late_h = LATE_H.get(line.product.code, LATE_USUALLY_H) * lateness
    return line.start + timedelta(hours=late_h) < moment(scenario.bill_end_ms)


def _charged(
    scenario: CostScenario, name: str, charge: Charge, series: Series, hours: list[datetime]
) -> Iterator[Line]:
    """One line an hour in which there was any usage, two in the hour in which a tier is reached."""
    used = hourly(series[charge.series]) / charge.a_unit
    dearer = Decimal(str(scenario.times("price"))) if name == scenario.driver else Decimal(1)
    onset = moment(scenario.begins_ms)
    beyond = _beyond(charge, used, hours)
    tags = (("component", charge.component),) if charge.component else ()
    for hour, all_of_it, above in zip(hours, used.tolist(), beyond.tolist(), strict=True):
        parts = ((all_of_it - above, charge.rate), (above, charge.tier[1] if charge.tier else charge.rate))
        for quantity, rate in parts:
            usage = Decimal(f"{quantity:.10f}")
            if not usage:
                continue
            price = rate * dearer if hour >= onset else rate
            cost = amount(usage, price)
            yield Line(
                start=hour, end=hour + HOUR, product=charge.product, usage_type=charge.usage_type,
                operation=charge.operation, unit=charge.unit, usage=usage, cost=cost, amortised=cost, list_cost=cost,
                rate=price, description=f"${price:f} per {charge.unit}", resource=charge.resource, tags=tags,
            )  # fmt: skip


def _beyond(charge: Charge, used: NDArray[np.float64], hours: list[datetime]) -> NDArray[np.float64]:
    """How much of each hour's usage is above the month's first tier."""
    if charge.tier is None:
        return np.zeros(len(used))
    found = np.zeros(len(used))
    started = hours[0].replace(day=1, hour=0)
    total = (hours[0] - started) / HOUR * float(used.mean())
    ends = month_end(hours[0])
    for place, hour in enumerate(hours):
        if hour >= ends:
            total, ends = 0.0, month_end(hour)
        total += used[place]
        found[place] = min(used[place], max(0.0, total - charge.tier[0]))
    return found
