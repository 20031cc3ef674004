"""A long series in few points that draw the same line: M4.

Uwe Jugel, Zbigniew Jerzak, Gregor Hackenbroich, Volker Markl: "M4: A Visualization-Oriented Time Series Data
Aggregation", VLDB 2014. Of each column of pixels the first, last, least and greatest point are kept; a line through
them colours the same pixels as a line through all points, at that width.
"""

import numpy as np
import pandas as pd

from ddms_ops.window import Window

PER_COLUMN = 4
REGULAR = 0.9  # share of steps that are the usual one, of a series with a rhythm
LATE = 1.5  # usual steps without a point after which one is lacking


def usual_step(times: pd.Series) -> pd.Timedelta | None:
    """The step of a series with a rhythm, as metrics have; None where there is none, or under three points.

    Args:
        times: in order, without NaT.
    """
    steps = times.diff().iloc[1:]
    if len(steps) < 2:
        return None
    usual = steps.median()
    return usual if usual > pd.Timedelta(0) and ((steps - usual).abs() <= usual / 2).mean() >= REGULAR else None


def kept_points(columns: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Places of the first, last, least and greatest point of each column, in order, each once.

    Args:
        columns: the column of each point, never falling.
        values: finite.
    """
    if not len(columns):
        return np.zeros(0, dtype="int64")
    starts = np.flatnonzero(np.diff(columns, prepend=columns[0] - 1))
    ends = np.append(starts[1:], len(columns)) - 1
    by_value = np.lexsort((values, columns))
    return np.unique(np.concatenate([starts, ends, by_value[starts], by_value[ends]]))


def drawn_points(points: pd.DataFrame, *, window: Window, columns: int, gap: pd.Timedelta | None) -> pd.DataFrame:
    """The points to draw of one series: all, or those of M4 where there are more than four a column.

    Args:
        points: time (UTC) and value (float64), in any order; a value that is not finite is a hole.
        window: what the width shows; points outside are left out.
        columns: of pixels.
        gap: how far apart two points are when nothing is known between them; None: only holes are gaps.

    Returns:
        Columns time, value in order of time; a row without value stands where the line must break. Gaps that begin
        and end within one column are not kept of a series that was reduced: they are narrower than can be seen.
    """
    inside = points[(points["time"] >= window.start) & (points["time"] <= window.end)]
    inside = inside.sort_values("time", kind="stable", ignore_index=True)
    is_point = np.isfinite(inside["value"].to_numpy(dtype="float64"))
    holes = np.cumsum(~is_point)[is_point]
    found = inside.loc[is_point, ["time", "value"]].reset_index(drop=True)
    is_apart = found["time"].diff() > gap if gap is not None else pd.Series(False, index=found.index)
    stretch = holes + np.cumsum(is_apart.to_numpy())
    share = ((found["time"] - window.start) / window.length).to_numpy(dtype="float64")
    column = np.minimum((share * columns).astype("int64"), columns - 1)
    is_reduced = len(found) > PER_COLUMN * columns
    kept = kept_points(column, found["value"].to_numpy()) if is_reduced else np.arange(len(found))
    is_broken = np.diff(stretch[kept]) > 0
    if is_reduced:
        is_broken &= np.diff(column[kept]) > 0
    return _broken(found.iloc[kept].reset_index(drop=True), np.flatnonzero(is_broken))


def _broken(points: pd.DataFrame, places: np.ndarray) -> pd.DataFrame:
    """The points with a row without value after some of them."""
    breaks = points.iloc[places].assign(value=np.nan)
    both = pd.concat([points, breaks]) if len(breaks) else points
    return both.sort_index(kind="stable").reset_index(drop=True)
