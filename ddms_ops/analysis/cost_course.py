"""What running was expected to cost, day by day, what it did cost, and where the month will end."""

import math
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd

from ddms_ops.analysis.cost_course_amounts import (
    EXACT,
    ZERO,
    Kind,
    amounts,
    day_at,
    day_number,
    days_of,
    kind_of,
    known,
    scaled,
    summed,
    total,
)
from ddms_ops.analysis.cost_course_grid import Grid, cost_grid
from ddms_ops.analysis.cost_course_model import LEVEL, RANGE, UNKNOWN_SPREAD, model_of
from ddms_ops.analysis.cost_periods import CostPeriods
from ddms_ops.schema import UTC, Column, Schema, conform

COURSE = Schema(
    "COURSE",
    (
        Column("timestamp", UTC, "start of the day"),
        Column("actual", "object", "Decimal, cost of usage without monthly fees; None where the bill has no line"),
        Column("expected", "float64", "what the history teaches; NaN without one"),
        Column("low", "float64", "lower end of what is usual"),
        Column("high", "float64", "upper end of what is usual"),
        Column("state", "str", "history, window or left_out"),
        Column("why", "str", "why a day is left out, else empty"),
    ),
)
SET_ASIDE = ["day", "category", "service", "usage_type", "amount", "why"]
WHY_ASIDE = {
    "commitment": "purchases and fees of commitments are no usage",
    "fee": "a one-off or monthly charge is no usage",
    "credit": "credits lower the bill, not what is used",
    "refund": "refunds lower the bill, not what is used",
    "tax": "tax follows the bill",
    "adjustment": "an adjustment corrects other days",
}
MONTHLY = "it is charged on the first or last days of months only"
LATEST = 3
"""Days of the window that tell today's level."""
SIGMAS = 2.0
"""Half width of the range of a projection, in standard deviations."""


@dataclass(frozen=True, slots=True)
class RunRate:
    """What a day costs now, and where that leads.

    `per_day` is the mean cost of usage of the window's finished days. `so_far` is what the bill says of all finished
    days of `month` (YYYY-MM), all categories. `month_end` adds usage at today's level, by weekday, for the rest;
    fees, commitments and credits still to come are not foreseen. `low` and `high`: from a return to what was usual (or
    today's level, whichever is lower or higher), with its scatter.
    """

    per_day: Decimal
    month: str
    so_far: Decimal
    month_end: Decimal
    low: Decimal
    high: Decimal


def cost_course(
    days: pd.DataFrame,
    periods: CostPeriods,
    *,
    measure: str,
    service: str | None = None,
    usage_type: str | None = None,
    kinds: Collection[tuple[str, str | None]] | None = None,
) -> pd.DataFrame:
    """Actual and expected cost of usage by day.

    Args:
        days: frame in the COSTS schema by day, as much history as there is; may be empty.
        periods: the days that are compared.
        measure: amortised or billed.
        service, usage_type: the kind of line; no usage type is the whole service, neither is the whole system.
        kinds: instead of both, kinds of line by their names as in a `Rise`, added up.

    Returns:
        Frame in the COURSE schema, a row a day from the bill's first to its last; no rows for an empty bill. What is
        charged on first or last days of months only is not in it, see `set_aside`; nor is anything but usage.
    """
    grid = cost_grid(days, periods, measure=measure)
    named = None if kinds is None else {kind_of(*kind) for kind in kinds}
    chosen = [kind for kind in grid.kinds if (_is_asked(kind, service, usage_type) if named is None else kind in named)]
    model = model_of(_values(grid, chosen), grid.days, grid.is_history)
    actual = [grid.sum_of(chosen, [number]) if number in grid.charged else None for number in grid.days.tolist()]
    course = {
        "timestamp": [day_at(number) for number in grid.days],
        "actual": pd.Series(actual, dtype="object"),
        **{name: getattr(model, name)[0] for name in ("expected", "low", "high")},
        "state": list(grid.state),
        "why": list(grid.why),
    }
    return conform(pd.DataFrame(course), COURSE)


def _is_asked(kind: Kind, service: str | None, usage_type: str | None) -> bool:
    """Whether a kind is meant by the names."""
    return service in (None, kind[0]) and usage_type in (None, kind[1])


def _values(grid: Grid, kinds: list[Kind]) -> np.ndarray:
    """Sum of the kinds by day, float64, one row."""
    return np.array([[float(grid.sum_of(kinds, [number])) for number in grid.days.tolist()]])


def run_rate(days: pd.DataFrame, periods: CostPeriods, *, measure: str) -> RunRate | None:
    """Daily cost in the window and the projected end of its last day's month.

    Args:
        days: frame in the COSTS schema by day.
        periods: the days that are compared.
        measure: amortised or billed.

    Returns:
        None where no day of the window is finished.
    """
    if not periods.now:
        return None
    grid = cost_grid(days, periods, measure=measure, whole_months=True)
    first = periods.now[-1].replace(day=1)
    month = range(day_number(first), day_number(first + pd.offsets.MonthBegin(1)))
    finished = grid.charged - {day_number(left.day) for left in periods.left_out}
    billed = summed(map(day_number, days_of(days)), amounts(days, measure))
    so_far = total(billed.get(number, ZERO) for number in month if number in finished)
    numbers = [day_number(day) for day in periods.now]
    per_day = scaled(grid.sum_of(grid.kinds, numbers), Fraction(1, len(numbers)))
    ahead = [number for number in month if number not in finished]
    usual, level, scatter = _ahead(grid, numbers, ahead, float(per_day))
    rests = (level, min(usual, level) - scatter, max(usual, level) + scatter)
    month_end, low, high = (EXACT.add(so_far, Decimal(f"{rest:.2f}")) for rest in rests)
    return RunRate(per_day, f"{first:%Y-%m}", so_far, month_end, low, high)


def _ahead(grid: Grid, now: list[int], ahead: list[int], per_day: float) -> tuple[float, float, float]:
    """Cost of usage of the days ahead: as usual, at the level of the window's latest days, and the scatter of it."""
    start = int(grid.days[0])
    model = model_of(_values(grid, list(grid.kinds)), grid.days, grid.is_history)
    latest, places = [number - start for number in now[-LATEST:]], [number - start for number in ahead]
    expected = model.expected[0]
    before = float(expected[latest].sum())
    if not before > 0:
        return per_day * len(ahead), per_day * len(ahead), per_day * len(ahead) * UNKNOWN_SPREAD
    level = float(grid.sum_of(grid.kinds, now[-LATEST:])) / before
    each = np.array([level if number > now[0] else 1.0 for number in ahead])
    spread = (model.high[0] - model.low[0])[places] / (2 * RANGE) * np.maximum(each, 1.0)
    scatter = SIGMAS * (math.sqrt((spread**2).sum()) + spread.sum() * math.sqrt(LEVEL / model.support[0]))
    return float(expected[places].sum()), float((expected[places] * each).sum()), scatter


def set_aside(days: pd.DataFrame, periods: CostPeriods, *, measure: str) -> pd.DataFrame:
    """What the bill has of the days in question and the comparison of running costs leaves out.

    Args:
        days: frame in the COSTS schema by day.
        periods: the days that are compared.
        measure: amortised or billed.

    Returns:
        Columns SET_ASIDE (amount Decimal), by day, then the largest first: of compared days what is no usage, and usage
        that is charged on first or last days of months only; of days that are left out one row a category, service and
        usage type null. Sums of 0 are left out.
    """
    grid = cost_grid(days, periods, measure=measure)
    why_of = {left.day: left.why for left in periods.left_out}
    compared = {*periods.now, *periods.before}
    keys: list[tuple | None] = []
    names = ("category", "service", "usage_type", "operation")
    for day, category, *line in zip(days_of(days), *(known(days[name]) for name in names), strict=True):
        if day in why_of:
            keys.append((day, category, None, None, why_of[day]))
        elif day in compared and (category != "usage" or tuple(line) in grid.monthly):
            keys.append((day, category, line[0], line[1], WHY_ASIDE.get(category, MONTHLY)))
        else:
            keys.append(None)
    sums = summed(keys, amounts(days, measure))
    rows = [(*key[:4], amount, key[4]) for key, amount in sums.items() if key is not None and amount]
    rows.sort(key=lambda row: (row[0], -row[4].copy_abs(), *(part or "" for part in row[1:4])))
    frame = pd.DataFrame(rows, columns=SET_ASIDE, dtype="object")
    frame["day"] = pd.to_datetime(frame["day"], utc=True).astype(UTC)
    return frame.astype(dict.fromkeys(("category", "service", "usage_type", "why"), "str"))
