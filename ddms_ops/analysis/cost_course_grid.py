"""What running costs, by kind of line and day: the table that courses and rises are read from."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import pandas as pd

from ddms_ops.analysis.cost_course_amounts import (
    DAY,
    ZERO,
    Kind,
    amounts,
    day_at,
    day_number,
    days_of,
    kind_of,
    known,
    summed,
    total,
)
from ddms_ops.analysis.cost_periods import CostPeriods

Line = tuple[str | None, str | None, str | None]
LEAST_OTHER_DAYS = 5
"""So many days of a bill besides first and last ones of months show that a line is charged on those only."""

MOST_GROWTH = 2
"""A monthly line costs at most so many times what it did in another month: what it pays for grows slowly."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Cost of usage by kind (service, usage type) and by day, without monthly fees.

    `days` are consecutive day numbers since the epoch; `state` is history, window or left_out, `why` empty but for the
    last. `values` are `exact` as float64 (kinds × days), 0 where nothing is charged. A service that the bill does not
    name is "". `charged` are days with usage, and empty ones that cost 0. `monthly` are the lines that are charged on
    first or last days of months only.
    """

    kinds: tuple[Kind, ...]
    days: np.ndarray
    state: tuple[str, ...]
    why: tuple[str, ...]
    values: np.ndarray
    exact: dict[tuple[Kind, int], Decimal]
    charged: frozenset[int]
    monthly: frozenset[Line]

    @property
    def is_history(self) -> np.ndarray:
        """Of each day, whether it teaches what is usual."""
        return np.array([state == "history" for state in self.state], dtype=bool)

    @property
    def is_now(self) -> np.ndarray:
        """Of each day, whether it is a finished day of the window."""
        return np.array([state == "window" for state in self.state], dtype=bool)

    def sum_of(self, kinds: Iterable[Kind], numbers: Iterable[int]) -> Decimal:
        """Exact cost of some kinds on some days (by number)."""
        chosen = list(numbers)
        return total(self.exact.get((kind, number), ZERO) for kind in kinds for number in chosen)


def cost_grid(days: pd.DataFrame, periods: CostPeriods, *, measure: str, whole_months: bool = False) -> Grid:
    """The cost of usage of a bill, by kind and day.

    Args:
        days: frame in the COSTS schema by day; may be empty.
        periods: the days that are compared.
        measure: amortised or billed.
        whole_months: whether the course goes from a month's first day to a month's last.

    Returns:
        Days from the bill's first to its last, or to the last that is asked for; none of an empty bill.
    """
    number = (days_of(days).astype("int64") // int(DAY / pd.Timedelta(microseconds=1))).to_numpy()
    used = days["category"].eq("usage").to_numpy()
    rows, at = days[used], number[used].tolist()
    charged = frozenset([*(at or number.tolist()), *(day_number(day) for day in periods.empty)])
    lines = list(zip(*(known(rows[name]) for name in ("service", "usage_type", "operation")), strict=True))
    sums = summed(zip(lines, at, strict=True), amounts(rows, measure))
    finished = charged - {day_number(left.day) for left in periods.left_out}
    monthly = _monthly(sums, finished, frozenset(day_number(day) for day in periods.now))
    running = {key: cost for key, cost in sums.items() if key[0] not in monthly}
    exact = summed(((kind_of(*line[:2]), day) for line, day in running), running.values())
    kinds = tuple(sorted({kind for kind, _ in exact}, key=lambda kind: (kind[0], kind[1] is None, kind[1] or "")))
    asked = [day_number(day) for day in (*periods.now, *periods.before, *(left.day for left in periods.left_out))]
    course = _days_over([*charged, *asked], whole_months) if charged else np.empty(0, dtype="int64")
    values = np.zeros((len(kinds), len(course)))
    place = {kind: index for index, kind in enumerate(kinds)}
    for (kind, day), cost in exact.items():
        values[place[kind], day - course[0]] = float(cost)
    states = [_state(int(day), charged, periods) for day in course]
    state, why = (tuple(part) for part in zip(*states, strict=True)) if states else ((), ())
    return Grid(kinds, course, state, why, values, exact, charged, monthly)


def _days_over(numbers: list[int], whole_months: bool) -> np.ndarray:
    """Consecutive days that hold all of some."""
    first, last = min(numbers), max(numbers)
    if whole_months:
        first = day_number(day_at(first).replace(day=1))
        last = day_number(day_at(last) + pd.offsets.MonthEnd(0))
    return np.arange(first, last + 1)


def _state(number: int, charged: frozenset[int], periods: CostPeriods) -> tuple[str, str]:
    """State of a day, and why it is left out."""
    day = day_at(number)
    for left in periods.left_out:
        if left.day == day:
            return "left_out", left.why
    if day in periods.now:
        return "window", ""
    if number not in charged:
        return "left_out", "the bill has no line on this day"
    if periods.now and day > periods.now[0] and day not in periods.before:
        return "left_out", "it is after the window's first day and not of the baseline"
    return "history", ""


def _monthly(sums: dict[tuple[Line, int], Decimal], finished: frozenset[int], now: frozenset[int]) -> frozenset[Line]:
    """Lines that are charged on first or last days of months only.

    One that the window has must have cost about as much in another month, or it is a rise; one that is seen on one such
    day beside it must be absent from a later one, or it may have just begun.
    """
    if len([number for number in finished if not is_edge(number)]) < LEAST_OTHER_DAYS:
        return frozenset()
    is_edge_of = {number: is_edge(number) for number in {number for _, number in sums}}
    seen: dict[Line, dict[int, Decimal]] = {}
    for (line, number), cost in sums.items():
        if cost:
            seen.setdefault(line, {})[number] = cost
    return frozenset(
        line
        for line, costs in seen.items()
        if all(is_edge_of[number] for number in costs) and _is_of_months(costs, max(finished), now)
    )


def _is_of_months(costs: dict[int, Decimal], last: int, now: frozenset[int]) -> bool:
    """Whether a line of first or last days of months is charged monthly, and not new or another one."""
    asked = {_month(number) for number in costs.keys() & now}
    months = {month: abs(cost) for month, cost in summed(map(_month, costs), costs.values()).items()}
    if not asked:
        return last > max(costs) or len(months) > 1
    return all(any(_is_alike(months[one], cost) for month, cost in months.items() if month != one) for one in asked)


def _is_alike(one: Decimal, other: Decimal) -> bool:
    """Whether two months cost about as much."""
    return max(one, other) <= MOST_GROWTH * min(one, other)


def is_edge(number: int) -> bool:
    """Whether a day is a month's first or last."""
    return day_at(number).is_month_start or day_at(number).is_month_end


def _month(number: int) -> tuple[int, int]:
    """Year and month of a day; a last day counts to the month that begins."""
    day = day_at(number) + DAY if day_at(number).is_month_end else day_at(number)
    return day.year, day.month
