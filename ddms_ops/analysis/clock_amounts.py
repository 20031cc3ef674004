"""What was done a day on two sides, by the clock hours that telemetry of both covers."""

import math
from collections.abc import Sequence

import pandas as pd

HOURS = 24


def clock_amounts(sides: Sequence[pd.DataFrame], days: Sequence[Sequence[pd.Timestamp]]) -> list[pd.DataFrame]:
    """Amounts by clock hour, for each of two sides.

    Args:
        sides: amounts by hour, a column a step, NaN where telemetry is missing; hours of the sides' days.
        days: the sides' days.

    Returns:
        For each side float64, a column a step, by clock hour 0..23, or by hour of the week where both sides have the
        same weekdays: the mean of the hours in which all steps are known, times how many such hours the side has, so
        that they sum to what was done on its days. Clock hours without any are absent.
    """
    weekdays = [{day.day_of_week for day in side} for side in days]
    by_week = weekdays[0] == weekdays[1]
    found = []
    for table in sides:
        key = pd.Series(table.index.hour + (HOURS * table.index.day_of_week if by_week else 0), index=table.index)
        known = table.dropna()
        means = known.groupby(key.reindex(known.index)).mean()
        found.append(means.mul(key.value_counts().reindex(means.index), axis=0))
    return found


def alike(
    sides: Sequence[pd.DataFrame], days: Sequence[Sequence[pd.Timestamp]], step: str
) -> tuple[float, float] | None:
    """A step's amount a day on both sides, by the clock hours that both have.

    Args:
        sides: as `clock_amounts` returns them.
        days: the sides' days.

    Returns:
        Of the side that has more clock hours all it has; of the other as much as it compares to in those of both. None
        where they have none in common.
    """
    both = sides[0].index.intersection(sides[1].index)
    if both.empty:
        return None
    whole = max(sides, key=len)[step]
    common = math.fsum(whole.loc[both])
    more = math.fsum(whole) / common if common and len(both) < len(whole) else 1.0
    before, now = (math.fsum(side.loc[both, step]) * more / len(of) for side, of in zip(sides, days, strict=True))
    return before, now


def ratios(sides: Sequence[pd.DataFrame], step: str, last: str) -> tuple[float, float] | None:
    """A step's amount for each of another's on both sides, in the clock hours that both have; NaN over zero.

    None where they have none in common.
    """
    both = sides[0].index.intersection(sides[1].index)
    if both.empty:
        return None
    parts = [(math.fsum(side.loc[both, step]), math.fsum(side.loc[both, last])) for side in sides]
    before, now = (part / whole if whole else math.nan for part, whole in parts)
    return before, now
