"""Whether an export seems to begin, to end or to have a hole inside the window that was asked for."""

import numpy as np
import pandas as pd
import pyarrow as pa

from ddms_ops.window import Window

MIN_GAP = pd.Timedelta(minutes=5)
MICROSECOND = pd.Timedelta(microseconds=1)
MEAN_GAPS = 20
LARGEST_GAPS = 3
MIN_EVENTS = 20
MOST_PERIODS = 5
MIN_POINTS = 10
STEADY = 0.8
AROUND = np.timedelta64(7, "D")


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


def minutes_edge_reason(times: np.ndarray, window: Window) -> str:
    """The same of records that may be rare or come in bursts, as calls and rows of tables: of minutes that have any.

    Those of the days around the window are looked at, and only where they come often enough for 20 such minutes in
    the window; a list that was filled once, long ago or at one go, ends nowhere.

    Args:
        times: naive UTC datetime64 of all records, in any order.
        window: what was asked.
    """
    start, end = (stamp.tz_convert(None).to_datetime64() for stamp in (window.start, window.end))
    minutes = np.unique(times.astype("datetime64[m]")).astype("datetime64[us]")
    near = minutes[(minutes >= start - AROUND) & (minutes < end + AROUND)]
    inside = near[(near >= start) & (near < end)]
    seen = inside if len(inside) >= MIN_EVENTS else near
    if len(seen) < MIN_EVENTS:
        return ""
    held, asked = seen[-1] - seen[0], end - start
    is_often = held / (len(seen) - 1) * MEAN_GAPS <= asked
    is_lasting = len(inside) >= MIN_EVENTS or held >= asked
    return edge_reason(near, window) if is_often and is_lasting else ""


def records_edge_reason(records: pa.Table, window: Window) -> str:
    """The same of raw records with a `timestamp`."""
    times = records["timestamp"].drop_null().cast(pa.timestamp("us")).to_numpy()
    return minutes_edge_reason(times, window)


def points_edge_reason(points: pa.Table, window: Window) -> str:
    """Words for an edge of the window that no series of metric points reaches, or the empty string.

    A series has a period where four of five of its points stand one after the other. Where all that have one end, or
    begin, more than five periods (and five minutes) inside the window, the export does; a series that stops alone is
    news of what it measures. Series that only come when something happens prove nothing, unless they reach further.

    Args:
        points: all raw metric points of the export, in and out of the window.
        window: what was asked.
    """
    frame = points.select(["timestamp", "id", "label", "statistic"]).to_pandas()
    stamps = frame["timestamp"].astype("datetime64[us, UTC]")
    series = stamps.groupby([frame[name] for name in ("id", "label", "statistic")], dropna=False)
    periods = [period for _, times in series if (period := _period(times)) is not None]
    if not periods:
        return ""
    limit = max(MIN_GAP, MOST_PERIODS * min(periods))
    first, last = stamps.min(), stamps.max() + min(periods)
    found = []
    if first - window.start > limit:
        found.append(f"the first point of any metric is of {first:%Y-%m-%d %H:%M} UTC: the export may begin there")
    held = np.sort(stamps[(stamps >= window.start) & (stamps < window.end)].dt.tz_convert(None).unique())
    for place in np.flatnonzero(np.diff(held) > limit.to_timedelta64())[:1]:
        start, end = (pd.Timestamp(stamp, tz="UTC") for stamp in held[place : place + 2])
        found.append(f"no point from {start:%Y-%m-%d %H:%M} to {end:%H:%M} UTC: a part of the export may be missing")
    if window.end - last > limit:
        found.append(f"the last point of any metric is of {stamps.max():%Y-%m-%d %H:%M} UTC: the export may end there")
    return "; ".join(found)


def _period(times: pd.Series) -> pd.Timedelta | None:
    """The usual distance of a series' points; None where it has few, or they come by no clock."""
    apart = times.drop_duplicates().sort_values().diff().dropna()
    if len(apart) < MIN_POINTS - 1:
        return None
    usual = apart.median()
    return usual if (apart == usual).mean() >= STEADY else None
