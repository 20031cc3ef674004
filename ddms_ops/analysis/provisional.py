"""What the last hours will have cost, before the bill knows: what the system did, at what that was billed for before.

Always an estimate, and called provisional wherever it is shown.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import pandas as pd

from ddms_ops.analysis.cost_course_amounts import DAY, EXACT, days_of, total
from ddms_ops.analysis.cost_course_amounts import amounts as cost_amounts
from ddms_ops.analysis.cost_drivers import matching
from ddms_ops.analysis.cost_periods import CostPeriods
from ddms_ops.analysis.signal_hours import HOUR, hours_of, step_hours
from ddms_ops.spending import Costs, Driver
from ddms_ops.window import Window

STEP = Decimal("0.000001")
FEWEST = 2
"""Days that a range can be had from."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """Provisional: what a driver will have cost in hours that the bill does not hold yet, one UTC day at most.

    `usage` is in the bill's unit, NaN where the bill names none; `low` to `high` is the range; `words` say what it
    rests on.
    """

    driver: str
    start: pd.Timestamp
    end: pd.Timestamp
    usage: float
    low: Decimal
    amount: Decimal
    high: Decimal
    words: str


@dataclass(frozen=True, slots=True)
class Rate:
    """What one unit of a step is billed for: usage, as the finished days have it and at least and most; its price.

    `unit` of the usage is empty where the bill names none: then the rate is in money, at a price of 1.
    """

    usual: float
    low: float
    high: float
    price: Decimal
    unit: str
    words: str


def provisional(
    costs: Costs,
    amounts: pd.DataFrame,
    days: pd.DataFrame,
    periods: CostPeriods,
    window: Window,
    *,
    asked: Sequence[Window] = (),
) -> list[Estimate]:
    """Estimates for the hours of the window after its last finished day, by driver and UTC day.

    Args:
        costs: the drivers, and the measure that is taken where the bill has no list prices.
        amounts: AMOUNTS of all drivers' steps.
        days: COSTS by day.
        periods: the days that are compared, all finished.
        window: its hours after the last of them are estimated.
        asked: what telemetry was asked for (window and baseline); empty: all of it.

    Returns:
        By driver and time: what the last known step came to, times what was billed for each on the window's finished
        days (the baseline's, where it has none), times their list price, else the price billed. The range is that of
        single finished days; the hours end where telemetry does. Drivers not billed then, or of which nothing is known,
        are left out. Empty where every day is finished.
    """
    start = max([window.start.floor("h"), *(day + DAY for day in periods.now)])
    if start >= window.end or not (periods.now or periods.before):
        return []
    hours = pd.date_range(start, window.end, freq="h", inclusive="left").as_unit("us")
    known = hours_of([*periods.now, *periods.before]).union(hours).as_unit("us")
    asked = [Window(each.start, each.end.ceil("h")) for each in asked]  # what the last hour has so far counts
    used = days[(days["category"] == "usage") & days_of(days).isin([*periods.now, *periods.before])]
    found = []
    for name, driver in costs.drivers.items():
        lines = used[matching(driver, used)]
        table = step_hours(name, list(driver.chain), amounts, known, baseline=hours_of(periods.before), asked=asked)
        step = next((each for each in reversed(driver.chain) if table.loc[hours, each].notna().any()), None)
        if step and (rate := _rate(lines, table[step], periods, costs.measure)):
            found += _estimates(name, driver, step, table.loc[hours, step], rate, window)
    return found


def _rate(lines: pd.DataFrame, values: pd.Series, periods: CostPeriods, measure: str) -> Rate | None:
    """What is billed for a unit of a step; None where no finished day has both."""
    if lines.empty:
        return None
    units = lines["unit"].astype("str").unique()
    has_usage = len(units) == 1 and pd.notna(units[0]) and all(isinstance(each, Decimal) for each in lines["usage"])
    paid = cost_amounts(lines, measure)
    billed = lines["usage"].tolist() if has_usage else paid
    by_day = pd.Series(billed, index=days_of(lines), dtype="object").groupby(level=0).agg(total)
    worked = values.groupby(values.index.floor("D")).agg(lambda part: math.fsum(part) if part.notna().all() else 0.0)
    for chosen in (periods.now, periods.before):
        rates = _daily(chosen, by_day, worked)
        if rates:
            break
    else:
        return None
    usual = float(total(by_day[day] for day in rates)) / math.fsum(worked[day] for day in rates)
    spread = rates if len(rates) >= FEWEST else _daily([*periods.now, *periods.before], by_day, worked)
    told = f"the range is that of {len(spread)} single finished days"
    words = told if len(spread) >= FEWEST else "of a single finished day no range can be told"
    price, at = _price(lines[days_of(lines).isin(list(rates))], measure) if has_usage else (Decimal(1), "as billed")
    if price is None:
        return None
    unit = str(units[0]) if has_usage else ""
    return Rate(usual, min([usual, *spread.values()]), max([usual, *spread.values()]), price, unit, f"{at}; {words}")


def _daily(chosen: Sequence[pd.Timestamp], by_day: pd.Series, worked: pd.Series) -> dict[pd.Timestamp, float]:
    """What was billed for a unit on each of some days that telemetry covers whole."""
    return {
        day: float(by_day[day]) / worked[day]
        for day in chosen
        if day in by_day.index and worked.get(day, 0.0) > 0 and by_day[day] > 0
    }


def _price(lines: pd.DataFrame, measure: str) -> tuple[Decimal | None, str]:
    """Price of a unit of usage, and which; None where there is no usage."""
    used = total(lines["usage"])
    if used <= 0:
        return None, ""
    listed = lines["list_cost"].tolist()
    if all(isinstance(each, Decimal) for each in listed):
        return total(listed) / used, "at list price"
    return total(cost_amounts(lines, measure)) / used, "at the price billed (the bill has no list price of all lines)"


def _estimates(name: str, driver: Driver, step: str, values: pd.Series, rate: Rate, window: Window) -> list[Estimate]:
    """One estimate for each UTC day in which there is anything."""
    link, found = driver.chain[step], []
    for _, part in values.groupby(values.index.floor("D")):
        seen = part.dropna()
        if seen.empty:
            continue
        amount = math.fsum(seen)
        low, usual, high = (
            EXACT.quantize(EXACT.multiply(Decimal(amount * each), rate.price), STEP)
            for each in (rate.low, rate.usual, rate.high)
        )
        end = min(seen.index[-1] + HOUR, window.end)
        holes = int(part.loc[: seen.index[-1]].isna().sum())
        missing = f"; hours in between without telemetry, left out: {holes}" if holes else ""
        ends = f"; telemetry ends at {end:%H:%M} UTC" if end < min(part.index[-1] + HOUR, window.end) else ""
        of = f"{rate.usual:.4g} {rate.unit or 'billed'}"
        words = f"provisional: {link.title} {amount:,.0f} {link.unit} × {of} for each, {rate.words}{missing}{ends}"
        usage = amount * rate.usual if rate.unit else math.nan
        found.append(Estimate(name, max(part.index[0], window.start), end, usage, low, usual, high, words))
    return found
