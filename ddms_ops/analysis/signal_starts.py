"""When something that the system does left its normal, by the hour, where no bill tells of it yet."""

import pandas as pd

from ddms_ops.analysis.driver_starts import Start
from ddms_ops.analysis.shifts import shifts
from ddms_ops.window import Window

HOUR = pd.Timedelta(hours=1)


def start_of_signal(signal: str, amounts: pd.DataFrame, window: Window) -> Start | None:
    """The first hour of the window in which a signal was above its normal.

    Args:
        signal: `<driver>/<step>`.
        amounts: AMOUNTS of window and baseline; those outside the window teach what is normal.
        window: the whole hours in it are looked at; hours without an amount are hours without any.

    Returns:
        The start of the strongest stretch above normal. None without amounts, where nothing stands out, and where that
        stretch begins with the window: it may have begun before.
    """
    values = amounts.loc[amounts["signal"] == signal].groupby("timestamp")["value"].sum()
    inside = pd.date_range(window.start.ceil("h"), window.end.floor("h"), freq="h", inclusive="left").as_unit("us")
    others = values[(values.index < window.start.floor("h")) | (values.index >= window.end)]
    if others.empty or not len(inside):
        return None
    usual = pd.date_range(others.index.min(), others.index.max(), freq="h").as_unit("us").difference(inside)
    found = shifts(values.reindex(inside, fill_value=0.0), baseline=values.reindex(usual, fill_value=0.0))
    above = [shift for shift in found if shift.is_above]
    if not above or above[0].start <= inside[0]:
        return None
    return Start(above[0].start, above[0].earliest, above[0].latest)
