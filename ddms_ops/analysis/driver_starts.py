"""When what moved a driver's cost left its normal: by the hour, where the bill knows days only."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from ddms_ops.analysis.cost_drivers import BILLED, PRICE, Story
from ddms_ops.analysis.cost_periods import CostPeriods
from ddms_ops.analysis.shapes import Shift
from ddms_ops.analysis.shifts import shifts
from ddms_ops.analysis.signal_hours import HOUR, hours_of, step_hours
from ddms_ops.window import Window

AS_STRONG = 0.5
"""A shift this share as strong as the strongest is part of it: an hour of little change cuts a long one in two."""
PARTLY = 0.05
"""From this share of the whole change on an hour is partly changed: three minutes of it."""
MOSTLY = 0.5
"""From here on it is more of what came after than of what was before."""
HARDLY = 0.2
"""Below it is what noise and another day's rhythm make of an hour."""
BEFORE = 3 * HOUR
"""So long before the window tells whether its first hours were a beginning."""
FEW = 5
"""Where the change is of less than so many units noise may hide it."""


@dataclass(frozen=True, slots=True)
class Start:
    """The hour from which on a factor was off its normal, and the first and last hour in which that may have begun."""

    at: pd.Timestamp
    earliest: pd.Timestamp
    latest: pd.Timestamp


def start_of(
    story: Story, amounts: pd.DataFrame, periods: CostPeriods, window: Window, *, asked: Sequence[Window] = ()
) -> Start | None:
    """When the leading factor of a story left its normal within the window, in the direction in which it moved.

    Args:
        amounts: AMOUNTS of all drivers' steps, of window and baseline.
        periods: the days compared; amounts outside the window on other days teach what is normal too.
        window: the whole hours in it are looked at.
        asked: what telemetry was asked for (window and baseline); empty: all of it.

    Returns:
        The start, by the first step's amount or by the factor's ratio hour by hour. None where what is billed, or its
        price, leads (nothing but the bill tells of them), where the factor did not change or is not known on a side,
        where nothing stands out from noise and the time of day, and where no hour before shows it at its normal, as
        with a window that begins in the midst of it: then it may have begun before.
    """
    leading = story.leading
    steps = [factor.step for factor in story.factors if factor.step not in (BILLED, PRICE)]
    if leading.step not in steps or leading.before == leading.now:
        return None
    inside = pd.date_range(window.start.ceil("h"), window.end.floor("h"), freq="h", inclusive="left")
    own = amounts.loc[amounts["signal"].isin([f"{story.driver}/{step}" for step in steps]), "timestamp"]
    others = own[~own.between(window.start.floor("h"), window.end, inclusive="left")]
    usual = hours_of(periods.before).union(_stretch(others)).difference(inside).as_unit("us")
    table = step_hours(story.driver, steps, amounts, usual.union(inside).as_unit("us"), baseline=usual, asked=asked)
    place, values = steps.index(leading.step), table[leading.step]
    exposure = table[steps[place - 1]] if place else None
    found = shifts(values.reindex(inside), baseline=values.reindex(usual), exposure=exposure)
    is_up = not leading.before >= leading.now  # of a ratio that was not defined before: up
    first = _first([shift for shift in found if shift.is_above == is_up])
    if first is None:
        return None
    expected = _by_clock(values, usual) if exposure is None else leading.before * exposure
    start, is_partly = _refined(first, values.reindex(inside), expected.reindex(inside))
    if not _was_calm(first, start, values, expected, since=inside[0] - BEFORE):
        return None
    surely = start - HOUR if is_partly or start > first.start else start
    earliest = surely if start > first.start else min(first.earliest, surely)
    return Start(start, max(earliest, inside[0]), first.latest if start == first.start else start)


def _by_clock(values: pd.Series, usual: pd.DatetimeIndex) -> pd.Series:
    """For each hour the mean of the usual hours at that time of day; NaN where they have none."""
    calm = values.reindex(usual)
    by_clock = values.index.hour.map(calm.groupby(calm.index.hour).mean().to_dict()).to_numpy(dtype="float64")
    return pd.Series(by_clock, index=values.index)


def _first(found: Sequence[Shift]) -> Shift | None:
    """The first of some shifts, the strongest of which comes first, that is about as strong; None of none."""
    near = [shift for shift in found if shift.score >= AS_STRONG * found[0].score]
    return min(near, key=lambda shift: shift.start) if near else None


def _refined(shift: Shift, values: pd.Series, expected: pd.Series) -> tuple[pd.Timestamp, bool]:
    """The first hour that is changed as the shift is, and whether the one before is so in part.

    Hours before the shift that are changed as much are taken in; hours at its beginning that are hardly changed, up to
    one that is, are left out: of a level that goes with the time of day the shift may look like a slow rise. Where next
    to nothing is expected, an hour with anything is changed.
    """
    start = shift.start
    if not shift.expected:
        return start, False
    change = expected * (shift.observed / shift.expected - 1)
    more = (values - expected) * (1 if shift.is_above else -1)
    shares = ((values - expected) / change).where(change.abs() >= FEW).mask((change.abs() < FEW) & (more >= FEW), 1.0)
    for at, share in shares[shares.index < start].dropna()[::-1].items():
        if share < MOSTLY:
            break
        start = at
    later = shares[shares.index >= start].dropna()
    mostly = later[later >= MOSTLY]
    if len(mostly) and (later[later.index < mostly.index[0]] < HARDLY).all():
        start = mostly.index[0]
    before = start - HOUR
    known = before in values.index and bool(change[before])
    return start, bool(known and (values[before] - expected[before]) / change[before] >= PARTLY)


def _was_calm(
    shift: Shift, start: pd.Timestamp, values: pd.Series, expected: pd.Series, *, since: pd.Timestamp
) -> bool:
    """Whether hours just before a start, or before the window, had less than half of the change.

    What the change would have been there is in proportion to what is expected, as in the shift; where next to nothing
    is expected, as of a night, it is as in the first hour.
    """
    usual = expected.fillna(shift.expected)
    change = usual * (shift.observed / shift.expected - 1) if shift.expected else usual * 0.0 + shift.observed
    if start in values.index and abs(change[start]) < FEW:
        change = change.where(change.abs() >= FEW, values[start] - usual[start])
    known = values[(values.index >= since) & (values.index < start)].dropna().index
    whole = float(change[known].sum())
    return abs(whole) >= FEW and float((values[known] - usual[known]).sum()) / whole < MOSTLY


def _stretch(stamps: pd.Series) -> pd.DatetimeIndex:
    """Hours from the first to the last of some."""
    if stamps.empty:
        return pd.DatetimeIndex([], tz="UTC").as_unit("us")
    return pd.date_range(stamps.min(), stamps.max() + HOUR, freq="h", inclusive="left").as_unit("us")
