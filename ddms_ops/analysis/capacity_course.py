"""What is used of a limit over time, stretches of points, and what log events say of limits."""

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from ddms_ops.analysis.shapes import Shift
from ddms_ops.window import Window

REPORT = r"^REPORT RequestId|\"type\": ?\"platform\.report\""
INIT = r"(?:Init Duration: |\"initDurationMs\": ?)([0-9]+(?:\.[0-9]+)?)"
KIND = r"^(REPORT) RequestId|\"type\": ?\"(platform\.\w+)\""
ID = r"RequestId: ?([\w-]+)|\"requestId\": ?\"([\w-]+)\""
AS_JSON = {
    "init_start": r"\"type\": ?\"platform\.initstart\"",
    "init duration": r"\"initdurationms\":",
    "task timed out": r"\"type\": ?\"platform\.report\".*\"status\": ?\"timeout\"",
}
"""What Lambda writes instead of its plain lines where a function logs as JSON, in small letters."""
STEP = 1.5
"""Points further apart than so many of their usual distances are not neighbours."""


def step_of(points: pd.DataFrame, period_s: float) -> pd.Timedelta:
    """Usual distance of the points of one metric; the period where there are fewer than two."""
    apart = points["timestamp"].sort_values().diff().dropna()
    return pd.Timedelta(seconds=period_s) if apart.empty else apart.median()


def sum_period(points: pd.DataFrame, period_s: float) -> tuple[float, bool]:
    """Seconds that each sum of a metric is over, and whether that is sure.

    Points as far apart as is declared, or by various multiples of it (there are none while it is 0), are sums over the
    declared period. Points all equally far apart by another distance are taken as sums over that; which is not sure
    where the distance is a multiple of the declared period: points may be absent in between.

    Args:
        points: METRICS of one metric.
        period_s: the declared period.
    """
    apart = points["timestamp"].drop_duplicates().sort_values().diff().dropna() / pd.Timedelta(seconds=1)
    if apart.empty:
        return period_s, True
    least = float(apart.min())
    if bool((apart % period_s == 0).all()) and apart.nunique() > 1:
        return period_s, True
    return least, least <= period_s


def used_shares(used: pd.DataFrame, limits: pd.DataFrame, *, most: float | None, divisor: float = 1.0) -> pd.DataFrame:
    """What is used of a limit.

    Args:
        used: METRICS of what is used, one metric.
        limits: METRICS of the limit, one metric; each holds until the next.
        most: the limit where it is a number; `limits` is not read then.
        divisor: what `used` is divided by first: seconds of a period for a sum, 1 else.

    Returns:
        Rows of `used` in order of time, `value` as a share (0..), with `limit` in the unit of the limit. Those
        without a limit above 0 are left out.
    """
    ordered = used.sort_values("timestamp", ignore_index=True)
    if most is not None:
        held = ordered.assign(limit=float(most))
    else:
        named = limits.sort_values("timestamp")[["timestamp", "value"]].rename(columns={"value": "limit"})
        held = pd.merge_asof(ordered, named, on="timestamp")
    held = held[held["limit"] > 0].reset_index(drop=True)
    return held.assign(value=held["value"] / divisor / held["limit"])


def runs_of(points: pd.DataFrame, is_in: pd.Series, *, gap: pd.Timedelta) -> list[pd.DataFrame]:
    """Stretches of the points that are in, in order of time; a distance over `gap` ends one.

    Args:
        points: any frame with `timestamp`, in order of time.
        is_in: bool by the index of `points`.
        gap: longest distance of two points of a stretch.
    """
    held = points[is_in]
    breaks = (held["timestamp"].diff() > gap).cumsum()
    return [run for _, run in held.groupby(breaks)]


def from_first_departure(shift: Shift, values: pd.Series, before: pd.Series) -> Shift:
    """A shift upwards from the first of the values that lead to it and all are above the baseline's highest.

    Args:
        shift: what `shifts` found in the values.
        values: float64 by time, in order.
        before: the baseline; where it has none the shift stays as it is.
    """
    earlier = values[values.index < shift.start]
    if before.dropna().empty or earlier.empty:
        return shift
    is_usual = (earlier <= before.max()).to_numpy()
    left = earlier.index[int(is_usual.nonzero()[0].max(initial=-1)) + 1 :]
    if left.empty:
        return shift
    return replace(shift, start=left[0], earliest=left[0], latest=left[0], stronger=shift.start)


def zero_filled(points: pd.DataFrame, window: Window, *, period_s: float) -> pd.Series:
    """Values of a sum that has no points while it is 0: float64 by the start of each period of the window."""
    every = pd.Timedelta(seconds=period_s)
    stamps = pd.date_range(window.start.floor(every), window.end, freq=every, inclusive="left")
    known = points.groupby(points["timestamp"].dt.floor(every))["value"].sum()
    return known.reindex(stamps, fill_value=0.0).astype("float64")


def holds_any(events: pd.DataFrame, texts: Sequence[str]) -> pd.Series:
    """Whether message or error of an event holds one of the texts, whatever the case; bool by the events' index.

    A line that Lambda writes as JSON holds the text that it would write in plain.
    """
    said = (events["error"].astype("str").fillna("") + " " + events["message"].astype("str").fillna("")).str.lower()
    found = pd.Series(False, index=events.index)
    for text in (text.lower() for text in texts):
        found |= said.str.contains(text, regex=False).astype(bool)
        for plain, pattern in AS_JSON.items():
            if plain in text:
                found |= said.str.contains(pattern, regex=True).astype(bool)
    return found


def told_once(events: pd.DataFrame, texts: Sequence[str]) -> pd.DataFrame:
    """Events that hold one of the texts, of those that tell of the same piece of work the first.

    Those of one log group and request id are the same where they are of different kinds: Lambda's own lines, and the
    texts. Of the same kind the n-th tells of the n-th try. An event without a request id stands for itself.

    Args:
        events: LOGS.
        texts: what is looked for.
    """
    rows = events[holds_any(events, texts)]
    if rows.empty:
        return rows
    message = rows["message"].astype("str")
    first = pd.Series("", index=rows.index, dtype="str")
    for text in reversed(texts):
        first = first.mask(holds_any(rows, [text]), text)
    known, named = message.str.extract(ID), message.str.extract(KIND)
    own = rows["request_id"].astype("str").fillna(known[0].fillna(known[1]))
    keys = pd.DataFrame({"group": rows["log_group"].astype("str"), "id": own})
    keys["kind"] = named[0].fillna(named[1]).fillna(first)
    keys["nth"] = keys.groupby(["group", "id", "kind"], dropna=False).cumcount()
    return rows[own.isna() | ~keys[["group", "id", "nth"]].duplicated()]


def is_report(events: pd.DataFrame) -> pd.Series:
    """Whether an event is the line with which Lambda ends an invocation; bool by the events' index."""
    return events["message"].astype("str").str.contains(REPORT, regex=True, na=False).astype(bool)


def init_ms(events: pd.DataFrame) -> pd.Series:
    """How long a new environment took to start, ms, of the ends of invocations that say so; float64 by their index."""
    return events["message"].astype("str").str.extract(INIT, expand=False).dropna().astype("float64")


def invocations(now: pd.DataFrame, before: pd.DataFrame) -> tuple[int, int, str]:
    """How many pieces of work some events tell of, in window and baseline, and what they are counted by.

    Ends of Lambda invocations where there are any, else distinct request ids, else events; the same in both.
    """
    ends = [int(is_report(part).sum()) for part in (now, before)]
    if any(ends):
        return ends[0], ends[1], "invocation"
    ids = [int(part["request_id"].nunique()) for part in (now, before)]
    return (ids[0], ids[1], "request") if any(ids) else (len(now), len(before), "event")
