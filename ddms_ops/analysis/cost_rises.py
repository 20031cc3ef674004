"""Which kinds of lines cost more or less than what their history lets expect, since which day, and how much it is."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd

from ddms_ops.analysis.cost_course_amounts import (
    DAY,
    EXACT,
    Kind,
    amounts,
    day_at,
    day_number,
    days_in_words,
    days_of,
    is_kind,
    kind_of,
    known,
    measure_note,
    scaled,
)
from ddms_ops.analysis.cost_course_grid import Grid, cost_grid
from ddms_ops.analysis.cost_course_hours import hours_of_step
from ddms_ops.analysis.cost_course_model import WEEK, Model, model_of
from ddms_ops.analysis.cost_course_scan import ALIKE, Stretch, stretches_of
from ddms_ops.analysis.cost_periods import CostPeriods

FEW_DAYS = 7
FEW_WEEKS = 3
MOST_NAMED = 5
LEAST_ALIKE = 3
"""On so many days a kind cost as much before: on fewer it may have been a job of each month."""
NOTHING = 0.05
"""Less than this share of what it costs now is next to nothing."""


@dataclass(frozen=True, slots=True)
class Rise:
    """One kind of line (service None and usage type None: the total) that left what was expected of it.

    `start` is its first day (it may lie before the window), `end` its last, None where it is still so on the window's
    last finished day. `observed` and `expected` are means a day over the window's finished days that are further out
    than scatter explains (all from start to end, but for those that a note excepts); `impact` is their difference over
    these days. `score` is in standard deviations of such a mean, at most 99.
    `is_new`: nothing of it was charged before start. `rows` are rows of the bill's days (their `row`) behind it,
    of the baseline where the window has none of them any more.
    """

    service: str | None
    usage_type: str | None
    start: pd.Timestamp
    end: pd.Timestamp | None
    is_above: bool
    observed: Decimal
    expected: float
    impact: Decimal
    score: float
    is_new: bool
    rows: tuple[int, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Limits:
    """From which difference a day, and from which share of what is expected, a rise is told."""

    min_amount: Decimal
    min_share: float


def cost_rises(
    days: pd.DataFrame, periods: CostPeriods, *, measure: str, min_amount: Decimal, min_share: float
) -> list[Rise]:
    """Kinds of lines (service, usage type) that cost more or less than expected in the window.

    Args:
        days: frame in the COSTS schema by day, with as much history as there is.
        periods: the days that are compared.
        measure: amortised or billed.
        min_amount: difference a day, in the bill's currency.
        min_share: difference as a share of what was expected.

    Returns:
        The most money first, rises and falls; a kind may have one of each. None without a history: see `rise_doubts`.
        What lasted a week before the window is usual; what happened twice before, or on the same weekdays where no
        pattern of the week can be known yet, is not told. Of 200 quiet histories (42 days, 40 kinds, noise of 2 to
        40 %, quiet weekends, growth of up to 1 % a day) one had any over a window of 3 days, none over 1, four (2 %)
        over 7.
    """
    return _rises(days, periods, measure, Limits(min_amount, min_share), is_total=False)


def total_rise(
    days: pd.DataFrame, periods: CostPeriods, *, measure: str, min_amount: Decimal, min_share: float
) -> Rise | None:
    """The same for the cost of usage as a whole; None where it is as expected, or nothing can be expected."""
    found = _rises(days, periods, measure, Limits(min_amount, min_share), is_total=True)
    return found[0] if found else None


def rise_doubts(days: pd.DataFrame, periods: CostPeriods, *, measure: str) -> tuple[str, ...]:
    """Why rises may be missed or be larger than they seem, in words; empty where nothing stands against them."""
    grid = cost_grid(days, periods, measure=measure)
    many = int(grid.is_history.sum())
    doubts = [measure_note(days, measure)]
    if not periods.now:
        doubts.append("no day of the window is finished: nothing can be told of it yet")
    elif not (days["category"].eq("usage") & days_of(days).isin(list(periods.now))).any():
        doubts.append("the bill has no line of usage in the window: what running costs there cannot be told")
    if not many:
        doubts.append("the bill has no finished day beside the window's: what is usual cannot be told")
    elif many < FEW_DAYS:
        doubts.append(
            f"the bill has {days_in_words(many)} of history: only large rises stand out, a weekday may explain smaller"
            " ones"
        )
    elif many < FEW_WEEKS * WEEK:
        doubts.append(f"the bill has {days_in_words(many)} of history: a pattern of the week cannot be known yet")
    return tuple(doubt for doubt in doubts if doubt)


def _rises(days: pd.DataFrame, periods: CostPeriods, measure: str, limits: Limits, *, is_total: bool) -> list[Rise]:
    """Rises of each kind, or of the total."""
    grid = cost_grid(days, periods, measure=measure)
    if not grid.is_now.any() or not grid.is_history.any() or not grid.kinds:
        return []
    groups = [grid.kinds] if is_total else [(kind,) for kind in grid.kinds]
    values = grid.values.sum(axis=0, keepdims=True) if is_total else grid.values
    model = model_of(values, grid.days, grid.is_history)
    found = []
    for place in _moved(values, model, grid, float(limits.min_amount)):
        for stretch in stretches_of(values[place], model, place, grid.is_history, grid.is_now):
            if rise := _rise(grid, groups[place], model.expected[place], stretch, limits):
                found.append(replace(rise, service=None, usage_type=None) if is_total else rise)
    found.sort(key=lambda rise: (-rise.impact.copy_abs(), rise.service or "", rise.usage_type or "", rise.is_above))
    return _with_rows(found, days, grid, periods, measure)


def _moved(values: np.ndarray, model: Model, grid: Grid, least: float) -> list[int]:
    """Kinds that are far enough from what is expected on some day of the window."""
    beyond = np.abs(values - model.expected)[:, grid.is_now]
    return np.flatnonzero(beyond.max(axis=1) >= least).tolist()


def _rise(grid: Grid, kinds: Sequence[Kind], expected: np.ndarray, stretch: Stretch, limits: Limits) -> Rise | None:
    """What a stretch comes to in money; None where it is below the limits."""
    numbers = grid.days.tolist()
    places = [place for place in stretch.places if grid.is_now[place]]
    actual = grid.sum_of(kinds, [numbers[place] for place in places])
    due = Decimal(f"{float(expected[places].sum()):.12f}")
    impact, many = EXACT.subtract(actual, due), len(places)
    daily, usual = impact.copy_abs() / many, float(due) / many
    if daily < limits.min_amount or float(daily) < limits.min_share * abs(usual) or (impact > 0) != stretch.is_above:
        return None
    first, last = stretch.places[0], stretch.places[-1]
    prior = [number for number in numbers[:first] if number in grid.charged]
    is_new = bool(prior) and not any(grid.exact.get((kind, number)) for kind in kinds for number in prior)
    return Rise(
        service=kinds[0][0],
        usage_type=kinds[0][1],
        start=day_at(numbers[first]),
        end=None if last == np.flatnonzero(grid.is_now)[-1] else day_at(numbers[last]),
        is_above=stretch.is_above,
        observed=scaled(actual, Fraction(1, many)),
        expected=usual,
        impact=impact,
        score=stretch.score,
        is_new=is_new,
        rows=(),
        notes=_notes(grid, kinds, stretch, daily=float(actual) / many, usual=usual, is_new=is_new),
    )


def _notes(
    grid: Grid, kinds: Sequence[Kind], stretch: Stretch, *, daily: float, usual: float, is_new: bool
) -> tuple[str, ...]:
    """What has to be said about a rise from `usual` to `daily` a day."""
    first, many = stretch.places[0], int(grid.is_history.sum())
    start, notes = day_at(grid.days[first]), []
    if not grid.is_now[first]:
        notes.append(f"it began before the window, on {start:%Y-%m-%d}")
    notes.append(_pause_in(grid, stretch))
    if is_new and (start.is_month_start or start.is_month_end):
        notes.append("it began with a month: it may be a monthly fee")
    if stretch.is_above and not is_new and many >= FEW_DAYS:
        notes.append(_seen_before(grid, kinds, stretch, daily, usual))
    if many < FEW_DAYS:
        notes.append(f"the history has only {days_in_words(many)}: the usual range is wide")
    return tuple(note for note in notes if note)


def _pause_in(grid: Grid, stretch: Stretch) -> str:
    """Which days of the window a stretch is made of, where others lie between them."""
    now = np.flatnonzero(grid.is_now)
    between = [place for place in now.tolist() if stretch.places[0] <= place <= stretch.places[-1]]
    held = [place for place in between if place in stretch.places]
    if held == between:
        return ""
    named = ", ".join(f"{day_at(grid.days[place]):%Y-%m-%d}" for place in held[:MOST_NAMED])
    more = f" and {len(held) - MOST_NAMED} more" if len(held) > MOST_NAMED else ""
    return f"on {len(held)} of these {days_in_words(len(between))} only: {named}{more}"


def _seen_before(grid: Grid, kinds: Sequence[Kind], stretch: Stretch, daily: float, usual: float) -> str:
    """Whether a kind cost as much before it paused, or a month before; empty where it did not."""
    first = int(grid.days[stretch.places[0]])
    past = {int(day): float(grid.sum_of(kinds, [int(day)])) for day in grid.days[grid.is_history] if day < first}
    alike = [day for day, cost in past.items() if cost >= ALIKE * daily]
    if usual < NOTHING * daily and len(alike) >= LEAST_ALIKE:
        return f"it cost as much on {days_in_words(len(alike))} before, last on {day_at(alike[-1]):%Y-%m-%d}"
    month_ago = day_number(day_at(first) - pd.DateOffset(months=1))
    near = [day for day in alike if abs(day - month_ago) <= 1]
    if len(alike) < LEAST_ALIKE and near:
        return f"a month before, on {day_at(near[0]):%Y-%m-%d}, it cost {past[near[0]]:,.2f}"
    return ""


def _with_rows(rises: list[Rise], days: pd.DataFrame, grid: Grid, periods: CostPeriods, measure: str) -> list[Rise]:
    """The same with the rows of the bill behind each, and a note where another measure stands in for some."""
    by_kind: dict[Kind, list[int]] = {}
    names = ("service", "usage_type", "operation", "category")
    stamps = days_of(days).tolist()
    compared = {*periods.now, *periods.before} if rises else set()
    for place, (*line, category) in enumerate(zip(*(known(days[name]) for name in names), strict=True)):
        if stamps[place] in compared and category == "usage" and tuple(line) not in grid.monthly:
            by_kind.setdefault(kind_of(*line[:2]), []).append(place)
    everything = [place for places in by_kind.values() for place in places]
    shown = []
    for rise in rises:
        places = everything if rise.service is None else by_kind.get((rise.service, rise.usage_type), [])
        last = rise.end or periods.now[-1]
        held = [place for place in places if rise.start <= stamps[place] <= last and stamps[place] in periods.now]
        held = held or [place for place in places if stamps[place] in periods.before]
        note = measure_note(days.iloc[held], measure)
        rows = tuple(sorted(days["row"].iloc[held].tolist()))
        shown.append(replace(rise, rows=rows, notes=(*rise.notes, note) if note else rise.notes))
    return shown


def hour_of_start(
    hours: pd.DataFrame, rise: Rise, *, measure: str = "amortised"
) -> tuple[pd.Timestamp, pd.Timestamp] | None:
    """Earliest and latest hour in which a rise may have begun.

    Args:
        hours: columns of COST_PARTS["hours"] (usage by hour); may be empty.
        rise: of `cost_rises` or `total_rise`.
        measure: amortised or billed, as of the rise.

    Returns:
        Starts of hours, UTC, on the day before the rise's first or that day; None where the bill has no hours there, or
        fewer than a day of them before.
    """
    rows = hours[hours["category"].eq("usage")]
    if rise.service is not None:
        rows = rows[is_kind(rows, rise.service, rise.usage_type)]
    near = rows[(rows["timestamp"] >= rise.start - 8 * DAY) & (rows["timestamp"] < rise.start + 2 * DAY)]
    costs = pd.Series([float(cost) for cost in amounts(near, measure)], index=near["timestamp"], dtype="float64")
    return hours_of_step(costs, hours["timestamp"], rise.start, expected=rise.expected, is_above=rise.is_above)
