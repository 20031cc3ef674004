"""Requests among the events: which, how many failed, how long they took.

A request is an event with an HTTP status; it failed at 500 and above, or under 400 when a field of it names an
error. Where no event carries an HTTP status, every event counts as one and errors are the failures.
"""

import numpy as np
import pandas as pd

DONE = frozenset(["completed", "complete", "succeeded", "success", "successful", "ok", "done", "finished", "passed"])
BROKEN = frozenset(["failed", "failure", "error", "errored", "timeout", "timed_out", "timedout", "aborted", "fatal"])
"""Words with which background jobs say how they ended."""


TEXTS = ["message", "error"]
"""Columns that no count needs."""


def requests(logs: pd.DataFrame, *, by_status: bool) -> pd.DataFrame:
    """The requests, with `failed` (bool).

    Args:
        logs: `with_groups` frame.
        by_status: `has_requests` of window and baseline together, so that both count the same thing.

    Returns:
        Rows of `logs` that are requests (all of them unless `by_status`), with `failed` and without TEXTS; tenant and
        user also from other events of the request.
    """
    if not by_status:
        return logs.drop(columns=TEXTS).assign(failed=logs["is_error"])
    status = http_status(logs)
    found, status = _named(logs.drop(columns=TEXTS)[status.notna()], logs), status[status.notna()]
    return found.assign(failed=(status >= 500) | ((status < 400) & found["states_error"]))


def _named(found: pd.DataFrame, logs: pd.DataFrame) -> pd.DataFrame:
    """Requests with the tenant and the user that another event of their request id names."""
    for name in ("tenant", "user"):
        lacking = found[name].isna() & found["request_id"].notna()
        others = logs.loc[logs[name].notna() & logs["request_id"].notna(), ["request_id", name]]
        others = others[~others.index.isin(found.index)].drop_duplicates("request_id")
        if len(others) and lacking.any():
            known = pd.Series(others[name].astype("str").to_numpy(), index=others["request_id"].to_numpy())
            values = found[name].astype("str")
            values[lacking] = found.loc[lacking, "request_id"].map(known)
            found = found.assign(**{name: values.astype("category")})
    return found


def outcomes(logs: pd.DataFrame) -> pd.DataFrame:
    """What came to an end: requests, and jobs whose status is one of DONE or BROKEN.

    Returns:
        Those rows of `logs` (a `with_groups` frame), with `failed` (bool) and without TEXTS.
    """
    words = logs["status"].astype("category")
    ends = pd.Series(words.cat.categories, dtype="str").str.lower()
    is_job, is_broken = (
        np.append(ends.isin(known).to_numpy(), [False])[words.cat.codes] for known in (DONE | BROKEN, BROKEN)
    )
    jobs = logs.drop(columns=TEXTS)[is_job].assign(failed=is_broken[is_job])
    return pd.concat([requests(logs, by_status=True), jobs]).sort_index()


def has_requests(logs: pd.DataFrame) -> bool:
    """Whether any event carries an HTTP status."""
    return bool(http_status(logs).notna().any())


def http_status(logs: pd.DataFrame) -> pd.Series:
    """HTTP status as float64, NaN where the event has none (100..599)."""
    distinct = logs["status"].astype("category")
    numbers = pd.to_numeric(pd.Series(distinct.cat.categories, dtype="object"), errors="coerce")
    values = np.append(numbers.where(numbers.between(100, 599)).to_numpy(dtype="float64"), np.nan)
    return pd.Series(values[distinct.cat.codes], index=logs.index)


def refused(found: pd.DataFrame) -> pd.Series:
    """Whether each request was answered with 400 to 499: refused, as the client's fault (bool)."""
    return http_status(found).between(400, 499)


def between(frame: pd.DataFrame, start: pd.Timestamp, end: pd.Timestamp) -> pd.DataFrame:
    """The rows whose timestamp lies in [start, end)."""
    return frame[(frame["timestamp"] >= start) & (frame["timestamp"] < end)]


def failing_shares(failed: pd.Series, by: pd.Series) -> pd.DataFrame:
    """Requests, failures and their share for each value of `by`, ordered by value.

    Returns:
        Index the values; int64 `requests` and `failed`, float64 `share` 0..1. Values without requests are absent.
    """
    grouped = failed.astype(bool).groupby(by)
    table = pd.DataFrame({"requests": grouped.size(), "failed": grouped.sum().astype("int64")})
    return table.assign(share=table["failed"] / table["requests"])


def failing_share(found: pd.DataFrame, every: str = "1min") -> pd.DataFrame:
    """`failing_shares` of requests per interval; the index is the interval's start (UTC)."""
    return failing_shares(found["failed"], found["timestamp"].dt.floor(every))


def share_by(found: pd.DataFrame, column: str) -> pd.DataFrame:
    """`failing_shares` of requests by one attribute (str, without nulls), most failures first, then by value."""
    known = found[found[column].notna()]
    table = failing_shares(known["failed"], known[column].astype("str").rename(column)).reset_index()
    return table.sort_values(["failed", column], ascending=[False, True]).set_index(column)


def latency(found: pd.DataFrame, every: str = "1min", quantile: float = 0.95) -> pd.Series:
    """A quantile of duration per interval, ms (float64, linear interpolation); intervals without any are absent."""
    timed = found[found["duration_ms"].notna()]
    return timed.groupby(timed["timestamp"].dt.floor(every))["duration_ms"].quantile(quantile)
