"""M4: few points that draw the line of all."""

import numpy as np
import pandas as pd
from builders import window

from ddms_ops.analysis.m4 import PER_COLUMN, drawn_points, kept_points, usual_step

HOUR = window("10:00", "11:00")
COLUMNS = 50


def walk(number: int, *, seed: int = 5) -> pd.DataFrame:
    """A random walk with steps of one length over the hour."""
    times = pd.date_range(HOUR.start, HOUR.end, periods=number, unit="us")
    return pd.DataFrame({"time": times, "value": np.random.default_rng(seed).normal(size=number).cumsum()})


def columns_drawn(points: pd.DataFrame, width: int) -> list[tuple[float, float]]:
    """Least and greatest height that a line through the points reaches in each column of pixels."""
    place = ((points["time"] - HOUR.start) / HOUR.length * width).to_numpy()
    edges = np.arange(1, width)
    heights = np.interp(edges, place, points["value"])
    every = pd.DataFrame({"at": [*place, *edges, *(edges - 1e-9)], "height": [*points["value"], *heights, *heights]})
    every["column"] = np.minimum(every["at"].astype("int64"), width - 1)
    return list(every.groupby("column")["height"].agg(["min", "max"]).itertuples(index=False, name=None))


def test_first_last_least_and_greatest_of_a_column_stay():
    """Each once, in order."""
    values = np.array([3.0, 9.0, 5.0, 1.0, 4.0, 7.0, 7.0])
    assert list(kept_points(np.array([0, 0, 0, 0, 0, 2, 2]), values)) == [0, 1, 3, 4, 5, 6]


def test_the_line_is_the_one_through_all_points():
    """Every column of pixels reaches as high and as low as before, and joins its neighbours at the same height."""
    points = walk(20_000)
    drawn = drawn_points(points, window=HOUR, columns=COLUMNS, gap=None)
    assert len(drawn) <= PER_COLUMN * COLUMNS
    assert np.allclose(columns_drawn(drawn, COLUMNS), columns_drawn(points, COLUMNS), atol=1e-6)


def test_a_short_series_is_whole_in_order_of_time():
    """Four points a column are nothing to reduce; points outside the window are no part of it."""
    points = walk(PER_COLUMN * COLUMNS)
    early = pd.DataFrame({"time": [HOUR.start - pd.Timedelta("1min")], "value": [9.0]})
    shuffled = pd.concat([points, early]).sample(frac=1, random_state=1)
    assert drawn_points(shuffled, window=HOUR, columns=COLUMNS, gap=None).equals(points)


def test_no_line_bridges_a_gap():
    """A hole, or points further apart than the gap, break the line once, in a long series as in a short one."""
    for number in (60, 20_000):
        points = walk(number)
        lost = points["time"].between(HOUR.start + pd.Timedelta("20min"), HOUR.start + pd.Timedelta("30min"))
        holed = points.assign(value=points["value"].mask(lost))
        absent, step = points[~lost], points["time"].diff().median()
        for drawn in (
            drawn_points(holed, window=HOUR, columns=COLUMNS, gap=None),
            drawn_points(absent, window=HOUR, columns=COLUMNS, gap=step * 1.5),
        ):
            [place] = np.flatnonzero(drawn["value"].isna())
            assert drawn["time"].iloc[place] < HOUR.start + pd.Timedelta("20min")
            assert drawn["time"].iloc[place + 1] > HOUR.start + pd.Timedelta("30min")


def test_values_that_are_no_numbers_are_holes():
    """An infinite value would decide the scale of all others."""
    points = pd.DataFrame({"time": pd.date_range(HOUR.start, periods=3, freq="1min"), "value": [1.0, np.inf, 2.0]})
    drawn = drawn_points(points, window=HOUR, columns=COLUMNS, gap=None)
    assert drawn["value"].fillna(-1).tolist() == [1.0, -1.0, 2.0]


def test_nothing_is_drawn_of_nothing():
    """An empty series has no points."""
    assert drawn_points(walk(10).head(0), window=HOUR, columns=COLUMNS, gap=None).empty


def test_only_a_series_with_a_rhythm_has_a_usual_step():
    """A few late points do not spoil it; events by chance have none."""
    times = pd.Series(pd.date_range(HOUR.start, periods=100, freq="1min"))
    assert usual_step(times.drop(range(40, 45))) == pd.Timedelta("1min")
    chance = np.random.default_rng(2).exponential(60, size=100).cumsum()
    assert usual_step(HOUR.start + pd.Series(pd.to_timedelta(chance, unit="s"))) is None
    assert usual_step(times.head(2)) is None
