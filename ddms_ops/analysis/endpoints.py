"""Time that endpoints take, now and before: how much, how it is spread, and whether the difference is more than chance.

Durations are compared by ranks, since they are skewed and have outliers: by where the whole of them stand (Mann and
Whitney, "On a test of whether one of two random variables is stochastically larger than the other", 1947) and by how
many are among the slowest twentieth of both, as a slow tail moves few ranks.
"""

from dataclasses import dataclass
from math import erfc, sqrt

import numpy as np
import pandas as pd

from ddms_ops.analysis.group_rates import rate_test
from ddms_ops.analysis.requests import http_status
from ddms_ops.analysis.time_bridge import PARTS, time_bridge

QUANTILES = {"p50_ms": 0.5, "p95_ms": 0.95, "p99_ms": 0.99, "max_ms": 1.0}
TAIL = 0.95
MOST_STEPS = 50  # an id in more events than that is no request's
ALIKE = 3 / 4
FEWEST_TOGETHER = 3
SUMS = ["calls_before", "calls_now", "total_before_ms", "total_now_ms", "delta_ms", "share_before", "share_now"]
SIDES = ("before", "now")
FEW = 3
CARRIED = 0.8
KEY = ["request_id", "endpoint"]


def timed_requests(found: pd.DataFrame) -> pd.DataFrame:
    """Requests with a duration, each once, and an endpoint for each.

    A request that several log groups log, as a gateway and the function behind it do, is that of the log group with
    its longest duration. Where no event carries an HTTP status, the events of one request id are its steps: the
    longest duration is the request's.

    Args:
        found: `requests` frame.

    Returns:
        Rows of `found` with a finite `duration_ms` of 0 or more. `endpoint` (category) is `log group <name>` where no
        event names one. Empty where no event carries a duration.
    """
    kept = found[np.isfinite(found["duration_ms"]) & (found["duration_ms"] >= 0)]
    named = kept["endpoint"].astype("str")
    named = named.where(named.notna(), "log group " + kept["log_group"].astype("str")).astype("category")
    kept = kept.assign(endpoint=named)
    several = kept[kept["request_id"].notna() & kept.duplicated(KEY, keep=False)]
    several = several[several.groupby(KEY, observed=True)["duration_ms"].transform("size") <= MOST_STEPS]
    if several.empty:
        return kept
    longest = several.sort_values("duration_ms", kind="stable").drop_duplicates(KEY, keep="last")
    if http_status(kept).isna().all():
        return kept.drop(index=several.index.difference(longest.index))
    groups = longest[KEY].astype("str").assign(log_group=longest["log_group"].astype("str"))
    owner = several[KEY].astype("str").merge(groups, on=KEY, how="left")["log_group"].to_numpy()
    return kept.drop(index=several.index[several["log_group"].astype("str").to_numpy() != owner])


def endpoint_times(timed: pd.DataFrame) -> pd.DataFrame:
    """Calls and durations of each endpoint.

    Args:
        timed: `timed_requests`.

    Returns:
        Index endpoint (str), ordered by name; float64 `calls`, `total_ms`, `mean_ms`, `p50_ms`, `p95_ms`, `p99_ms`,
        `max_ms` (linear interpolation) and `share` of the total time of all, 0..1. Endpoints without calls are absent.
    """
    grouped = timed.groupby("endpoint", observed=True)["duration_ms"]
    table = pd.DataFrame({"calls": grouped.size().astype("float64"), "total_ms": grouped.sum()})
    table["mean_ms"] = table["total_ms"] / table["calls"]
    spread = grouped.quantile(list(QUANTILES.values())).unstack()
    table[list(QUANTILES)] = spread.reindex(table.index).to_numpy().reshape(len(table), len(QUANTILES))
    total = table["total_ms"].sum()
    table["share"] = table["total_ms"] / total if total else 0.0
    table.index = pd.Index(table.index.astype("str"), dtype="str", name="endpoint")
    return table.astype("float64").sort_index()


def endpoints_compared(now: pd.DataFrame, before: pd.DataFrame, *, scale: float) -> pd.DataFrame:
    """Each endpoint before and now, and what made the difference of its total time; the largest first.

    Args:
        now, before: `timed_requests` of window and baseline.
        scale: length of the window over that of the baseline.

    Returns:
        `time_bridge`, indexed by endpoint, with float64 `p50_before_ms`, `p50_now_ms` and so on for p95, p99 and max
        (NaN where not called), `share_before`, `share_now` (0..1 of that side's time, 0 where not called), and int64
        `count_before`, `count_now`, the calls as counted.
    """
    tables = {"now": endpoint_times(now), "before": endpoint_times(before)}
    bridge = time_bridge(tables["now"], tables["before"], scale=scale)
    for name in QUANTILES:
        for side in ("before", "now"):
            bridge[f"{name.removesuffix('_ms')}_{side}_ms"] = tables[side][name].reindex(bridge.index)
    for side, table in tables.items():
        bridge[f"share_{side}"] = table["share"].reindex(bridge.index).fillna(0.0)
        bridge[f"count_{side}"] = table["calls"].reindex(bridge.index).fillna(0.0).astype("int64")
    return bridge.rename_axis("endpoint")


def together(now: pd.DataFrame, before: pd.DataFrame, table: pd.DataFrame) -> pd.Series:
    """Several endpoints as one row of `endpoints_compared`; the parts of its difference are theirs added up.

    Args:
        now, before: `timed_requests` of those endpoints.
        table: their rows of `endpoints_compared`.
    """
    sums = table[[*PARTS, *SUMS]].sum()
    quantiles = {
        f"{name.removesuffix('_ms')}_{side}_ms": frame["duration_ms"].quantile(part)
        for side, frame in (("before", before), ("now", now))
        for name, part in QUANTILES.items()
    }
    means = {
        f"mean_{side}_ms": sums[f"total_{side}_ms"] / max(sums[f"calls_{side}"], 1.0) for side in ("before", "now")
    }
    return pd.concat([sums, pd.Series(quantiles), pd.Series(means)]).astype("float64")


def rise_of(row: pd.Series) -> float:
    """By what factor the median or the p95 of a row of `endpoints_compared` rose, whichever more; 1 from 0."""
    pairs = [(row[f"{name}_now_ms"], row[f"{name}_before_ms"]) for name in ("p50", "p95")]
    return float(max(now / before if before > 0 else 1.0 for now, before in pairs))


def durations_of(timed: pd.DataFrame) -> dict[str, np.ndarray]:
    """Durations of each endpoint, ms (float64)."""
    codes = timed["endpoint"].cat.codes.to_numpy()
    order = np.argsort(codes, kind="stable")
    ends = np.cumsum(np.bincount(codes, minlength=len(timed["endpoint"].cat.categories)))
    parts = np.split(timed["duration_ms"].to_numpy()[order], ends[:-1])
    return {str(name): part for name, part in zip(timed["endpoint"].cat.categories, parts, strict=True) if len(part)}


def slower_p_value(now: np.ndarray, before: np.ndarray) -> float:
    """Chance of durations so much longer, or of so many among the slowest twentieth, if nothing had changed.

    The smaller of the two p-values, one-sided, twice; 1 where either side has none.

    Args:
        now, before: durations, of any order.
    """
    if not len(now) or not len(before):
        return 1.0
    limit = float(np.quantile(np.concatenate([now, before]), TAIL))
    return min(1.0, 2 * min(_rank_p_value(now, before), share_p_value(now, before, limit)))


def share_p_value(now: np.ndarray, before: np.ndarray, limit: float) -> float:
    """Chance of so many more above a limit, one-sided, if nothing had changed; 1 where there are not more."""
    ratio, p_value = rate_test(int((now > limit).sum()), int((before > limit).sum()), len(now), len(before))
    return p_value / 2 if ratio > 1 else 1.0


def _rank_p_value(now: np.ndarray, before: np.ndarray) -> float:
    """One-sided p-value of the rank sum test, normal, with ties."""
    both = np.concatenate([now, before])
    _, places, counts = np.unique(both, return_inverse=True, return_counts=True)
    middle = np.cumsum(counts) - (counts - 1) / 2
    n, m = float(len(now)), float(len(before))
    total = n + m
    above = middle[places[: len(now)]].sum() - n * (n + 1) / 2 - n * m / 2
    ties = float((counts.astype("float64") ** 3 - counts).sum())
    variance = n * m / 12 * (total + 1 - ties / (total * max(total - 1, 1)))
    return 0.5 * erfc((above - 0.5) / sqrt(2 * variance)) if variance > 0 else 1.0


def common_factor(ratios: pd.Series, *, within: float) -> float:
    """The factor by which nearly all endpoints changed alike, 1 where they did not.

    Args:
        ratios: now over before of each endpoint, > 0.
        within: how far from it, as a factor, an endpoint's may be.

    Returns:
        The median ratio where three quarters of at least three endpoints lie within it.
    """
    known = ratios[np.isfinite(ratios) & (ratios > 0)]
    if len(known) < FEWEST_TOGETHER:
        return 1.0
    factor = float(np.exp(np.median(np.log(known))))
    alike = (known >= factor / within) & (known <= factor * within)
    return factor if alike.sum() >= max(FEWEST_TOGETHER, ALIKE * len(ratios)) else 1.0


@dataclass(frozen=True, slots=True)
class Carriers:
    """The tenants that most of the added time is of, their share of it and of the requests, 0..1."""

    names: tuple[str, ...]
    share: float
    share_of_calls: float


def carriers(now: pd.DataFrame, before: pd.DataFrame, *, scale: float) -> Carriers | None:
    """The one to three tenants, and no more than half of all, that carry four fifths of the time added.

    Args:
        now, before: `timed_requests` of one endpoint, or of all.
        scale: length of the window over that of the baseline.

    Returns:
        None where no time was added, or no so few tenants carry it. Requests without a tenant count in the total.
    """
    sums = []
    for side in (now, before):
        grouped = side["duration_ms"].groupby(side["tenant"].astype("str"))
        sums.append(pd.DataFrame({"calls": grouped.size().astype("float64"), "total_ms": grouped.sum()}))
    bridge = time_bridge(*sums, scale=scale)
    added = bridge["delta_ms"].clip(lower=0).sort_values(ascending=False, kind="stable")
    total = max(added.sum(), now["duration_ms"].sum() - scale * before["duration_ms"].sum())
    if total <= 0:
        return None
    needed = int((added.cumsum() < CARRIED * total).sum()) + 1
    if needed > min(FEW, len(added) / 2):
        return None
    names = added.index[:needed]
    calls = bridge.loc[names, "calls_now"].sum() / len(now)
    return Carriers(tuple(str(name) for name in names), float(added.iloc[:needed].sum() / total), float(calls))
