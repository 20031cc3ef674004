"""Log streams whose clock is off: what the service received when tells it.

CloudWatch stamps each event with the time it was received. A stream whose events all seem to arrive much earlier or
later after their own time than those of the other streams of its log group has a clock that is behind or ahead.
"""

import pandas as pd

OFF_S = 60.0
LEAST = 20


def clock_offsets(logs: pd.DataFrame) -> pd.DataFrame:
    """Streams whose clock is over a minute off, by the median delay of their events against their log group's.

    Streams with under 20 events, and those whose delays scatter by more than half of the offset (an agent that caught
    up), are left alone; so are log groups in which no majority of streams agrees to a minute: which of two clocks is
    off cannot be told.

    Args:
        logs: LOGS frame with `delay_s`, the time from an event to its receipt, NaN where the export does not say.

    Returns:
        Index log_group, log_stream (str); float64 `offset_s`: what to add to its times, positive where it is behind.
    """
    known = logs[logs["delay_s"].notna()]
    if known.empty:
        index = pd.MultiIndex.from_arrays([[], []], names=["log_group", "log_stream"])
        return pd.DataFrame({"offset_s": pd.Series(dtype="float64", index=index)})
    streams = known.groupby(["log_group", "log_stream"], observed=True)["delay_s"]
    table = streams.quantile([0.25, 0.5, 0.75]).unstack()
    table = table[streams.size() >= LEAST]
    table.index = table.index.set_levels([level.astype("str") for level in table.index.levels])
    usual = table.groupby(level=0)[0.5].transform("median")
    offset = table[0.5] - usual
    is_near = (offset.abs() <= OFF_S).groupby(level=0)
    is_agreed = is_near.transform("sum") > is_near.transform("size") / 2
    is_off = is_agreed & (offset.abs() > OFF_S) & ((table[0.75] - table[0.25]) < offset.abs() / 2)
    return offset[is_off].rename("offset_s").to_frame()


def on_time(logs: pd.DataFrame, offsets: pd.DataFrame) -> pd.DataFrame:
    """The events in order of time, those of the streams in `offsets` moved by what their clock is off."""
    if offsets.empty:
        return logs
    stamps = logs["timestamp"].copy()
    for (group, stream), seconds in offsets["offset_s"].items():
        is_theirs = (logs["log_group"] == group) & (logs["log_stream"] == stream)
        stamps[is_theirs] += pd.Timedelta(seconds=round(seconds))
    moved = logs.assign(timestamp=stamps)
    return moved.sort_values(["timestamp", "pull", "row"], ignore_index=True)
