"""Whether an export seems to begin, to end or to have a hole inside the window that was asked for."""

import numpy as np
import pandas as pd

from ddms_ops.window import Window

MIN_GAP = pd.Timedelta(minutes=5)
MICROSECOND = pd.Timedelta(microseconds=1)
MEAN_GAPS = 20
LARGEST_GAPS = 3
MIN_EVENTS = 20


def edge_reason(times: np.ndarray, window: Window) -> str:
    """Words for an edge of the window that the events do not reach, or for a hole, or the empty string.

    A silence is suspicious when it is over 5 minutes, 20 mean gaps and 3 times the
    largest gap between two other events of the window (of the export, where the window has under 20): records are
    then more likely missing than silent.

    Args:
        times: sorted naive UTC datetime64 of all events of the source, in and out of the window.
        window: what was asked.
    """
    if not len(times):
        return "the export holds no events of it"
    start, end = (stamp.tz_convert(None).to_datetime64() for stamp in (window.start, window.end))
    inside = times[(times >= start) & (times < end)]
    times = inside if len(inside) >= MIN_EVENTS else times
    if len(times) < MIN_EVENTS:
        return ""
    gaps = np.diff(times).astype("timedelta64[us]").astype("int64")
    second, largest = np.partition(gaps, -2)[-2:]
    floor = max(MIN_GAP // MICROSECOND, MEAN_GAPS * (gaps.sum() - largest) / (len(gaps) - 1), LARGEST_GAPS * second)
    limit = floor if largest > floor else max(floor, LARGEST_GAPS * largest)
    first, last = (pd.Timestamp(stamp, tz="UTC") for stamp in (times[0], times[-1]))
    found = []
    if (first - window.start) / MICROSECOND > limit:
        found.append(f"the first event is of {first:%Y-%m-%d %H:%M} UTC: the export may begin there")
    if largest > floor and len(inside) >= MIN_EVENTS:
        place = int(gaps.argmax())
        start, end = (pd.Timestamp(stamp, tz="UTC") for stamp in times[place : place + 2])
        found.append(f"nothing from {start:%Y-%m-%d %H:%M} to {end:%H:%M} UTC: a part of the export may be missing")
    if (window.end - last) / MICROSECOND > limit:
        found.append(f"the last event is of {last:%Y-%m-%d %H:%M} UTC: the export may end there")
    return "; ".join(found)
