"""Each group of events against the baseline: rates, not counts."""

from collections.abc import Collection, Iterable
from math import erfc, exp, log, sqrt

import numpy as np
import pandas as pd

from ddms_ops.analysis.requests import http_status

CHATTER = ("DEBUG", "TRACE")
NEARLY_ALL = 0.9
Z_95 = 1.959964
GROUP_COLUMNS = [
    "group", "is_error", "level", "error", "frames", "template", "log_group", "events", "baseline_events", "ratio",
    "ratio_low", "ratio_high", "p_value", "trend", "first_seen", "last_seen", "tenants",
]  # fmt: skip
RATES = ["ratio", "ratio_low", "ratio_high", "p_value", "trend"]
UNKNOWN = "unknown"


def group_table(
    logs: pd.DataFrame,
    baseline: pd.DataFrame,
    *,
    minutes: tuple[float, float] = (1.0, 1.0),
    significance: float = 0.0001,
    not_compared: Collection[str] = (),
) -> pd.DataFrame:
    """Every group with its counts in the window and the baseline, most events first.

    Rates are per `exposure` in the group's most frequent log group, so windows of unequal length and more
    traffic alone are no difference. `p_value` is of `rate_test`, times the number of groups compared
    (Bonferroni), at most 1.

    Args:
        logs: `with_groups` of the window.
        baseline: `with_groups` of the baseline.
        minutes: lengths of the two.
        significance: corrected p-value under which a rate has changed.
        not_compared: pulls of log groups that were not read on both sides; rates and trend are of the events of others.

    Returns:
        Columns group, is_error, level, error, frames, template (the most frequent), log_group (the most
        frequent), events, baseline_events, ratio (inf for a new group, NaN where nothing is compared), ratio_low and
        ratio_high (95 % interval), p_value, trend (new, gone, rising, falling, unchanged, or unknown where nothing is
        compared), first_seen, last_seen (window, NaT when absent), tenants (in the window). Sum of events is
        len(logs), of baseline_events len(baseline).
    """
    if logs.empty and baseline.empty:
        return pd.DataFrame(columns=GROUP_COLUMNS)
    table = _counted(logs, baseline)
    if not_compared:
        sides = (compared_events(frame, not_compared) for frame in (logs, baseline))
        table = _with_rates(table, group_table(*sides, minutes=minutes, significance=significance))
    else:
        table = _rated(table, logs, baseline, minutes=minutes, significance=significance)
    ordered = table.sort_values(["events", "baseline_events", "group"], ascending=[False, False, True])
    return ordered.reset_index(drop=True)[GROUP_COLUMNS]


def compared_events(frame: pd.DataFrame, not_compared: Collection[str]) -> pd.DataFrame:
    """Events of the log groups that were read in window and baseline: those of other pulls than some."""
    return frame[~frame["pull"].isin(not_compared)] if not_compared else frame


def _with_rates(table: pd.DataFrame, compared: pd.DataFrame) -> pd.DataFrame:
    """The counts with the rates of what is compared, unknown where other events gainsay that a group is new or gone."""
    table = table.merge(compared[["group", *RATES]].astype({"group": "str"}), on="group", how="left")
    is_told = table["trend"].notna()
    is_told &= ~((table["trend"] == "new") & (table["baseline_events"] > 0))
    is_told &= ~((table["trend"] == "gone") & (table["events"] > 0))
    rates = table[RATES[:-1]].astype("float64").where(is_told).fillna({"p_value": 1.0})
    return table.assign(**rates, trend=table["trend"].where(is_told, UNKNOWN))


def _rated(
    table: pd.DataFrame,
    logs: pd.DataFrame,
    baseline: pd.DataFrame,
    *,
    minutes: tuple[float, float],
    significance: float,
) -> pd.DataFrame:
    """The counts with ratio, its interval, p-value and trend."""
    known = {name: exposure(logs, baseline, [name], minutes=minutes) for name in table["log_group"].unique()}
    rates = [_rate(row.events, row.baseline_events, *known[row.log_group]) for row in table.itertuples()]
    table[RATES[:-1]] = np.array(rates, dtype="float64")
    table["p_value"] = np.minimum(table["p_value"] * len(table), 1.0)
    table["trend"] = _trend(table, significance, is_known=not baseline.empty)
    return table


def _counted(logs: pd.DataFrame, baseline: pd.DataFrame) -> pd.DataFrame:
    """One row a group: what it is, and how often it came."""
    keys = ["group", "template", "log_group"]
    counts = pd.concat(
        frame.groupby(keys, observed=True).size().rename("n").reset_index().astype(dict.fromkeys(keys, "str"))
        for frame in (logs, baseline)
    )
    constant = ["group", "is_error", "level", "error", "frames"]
    firsts = pd.concat([frame.loc[~frame["group"].duplicated(), constant] for frame in (logs, baseline)])
    table = firsts.astype({name: "str" for name in constant if name != "is_error"}).drop_duplicates("group")
    for column in ("template", "log_group"):
        table = table.merge(_most_frequent(counts, column), on="group")
    for name, frame in (("events", logs), ("baseline_events", baseline)):
        sizes = frame["group"].astype("str").value_counts()
        table[name] = table["group"].map(sizes).fillna(0).astype("int64")
    now = logs.groupby(logs["group"].astype("str"))
    table["first_seen"], table["last_seen"] = (each.reindex(table["group"]).array for each in _ends(now["timestamp"]))
    table["tenants"] = table["group"].map(now["tenant"].nunique()).fillna(0).astype("int64")
    return table.assign(
        error=table["error"].where(table["is_error"]),
        frames=table["frames"].where(table["is_error"]),
        level=table["level"].where(~table["is_error"], "ERROR"),
    )


def _ends(stamps: "pd.api.typing.SeriesGroupBy") -> tuple[pd.Series, pd.Series]:  # type: ignore[type-arg]
    return stamps.min(), stamps.max()


def _most_frequent(counts: pd.DataFrame, column: str) -> pd.DataFrame:
    """Each group with its most frequent value of a column, the first by name among equals."""
    sums = counts.groupby(["group", column])["n"].sum().reset_index()
    return sums.sort_values(["n", column], ascending=[False, True]).drop_duplicates("group")[["group", column]]


def _trend(table: pd.DataFrame, significance: float, *, is_known: bool) -> np.ndarray:
    if not is_known:
        return np.full(len(table), UNKNOWN, dtype=object)
    is_changed = table["p_value"] < significance
    return np.select(
        [table["baseline_events"] == 0, table["events"] == 0, is_changed & (table["ratio"] > 1), is_changed],
        ["new", "gone", "rising", "falling"],
        default="unchanged",
    )


def exposure(
    logs: pd.DataFrame, baseline: pd.DataFrame, log_groups: Iterable[str], *, minutes: tuple[float, float]
) -> tuple[float, float]:
    """What events of some log groups are counted against, in the window and in the baseline.

    Their requests (events with an HTTP status), so that neither more traffic nor a lower log level is a rise; where
    either side has none, how many requests they name where nearly every event names one; else their events that are no
    errors and no DEBUG or TRACE; else the windows' lengths in minutes. 0 for an empty baseline.
    """
    if baseline.empty:
        return minutes[0], 0.0
    names = set(log_groups)
    ours = [frame[frame["log_group"].isin(names)] for frame in (logs, baseline)]
    requests = [int(http_status(frame).notna().sum()) for frame in ours]
    if all(requests):
        return float(requests[0]), float(requests[1])
    if all(len(frame) and frame["request_id"].notna().mean() >= NEARLY_ALL for frame in ours):
        return float(ours[0]["request_id"].nunique()), float(ours[1]["request_id"].nunique())
    healthy = [int((~frame["is_error"] & ~frame["level"].isin(CHATTER)).sum()) for frame in ours]
    return (float(healthy[0]), float(healthy[1])) if all(healthy) else minutes


def _rate(now: int, before: int, exposure_now: float, exposure_before: float) -> tuple[float, float, float, float]:
    ratio, p_value = rate_test(now, before, exposure_now, exposure_before)
    return ratio, *ratio_interval(now, before, exposure_now, exposure_before), p_value


def rate_test(now: int, before: int, exposure_now: float, exposure_before: float) -> tuple[float, float]:
    """Ratio of two Poisson rates (inf from 0, NaN without exposure), and the p-value that they are one.

    The p-value is two-sided, of the likelihood ratio with one degree of freedom; 1 over an empty baseline.
    """
    if not exposure_now or not exposure_before:
        return float("nan"), 1.0
    rate, base = now / exposure_now, before / exposure_before
    pooled = (now + before) / (exposure_now + exposure_before)
    llr = sum(k * log(k / (pooled * n)) for k, n in ((now, exposure_now), (before, exposure_before)) if k)
    return (rate / base if base else float("inf")), erfc(sqrt(max(llr, 0.0)))


def ratio_interval(now: int, before: int, exposure_now: float, exposure_before: float) -> tuple[float, float]:
    """95 % interval of the ratio of two Poisson rates, NaN without exposure.

    Normal on the log scale with half an event added to each count (Walter, "The distribution of Levin's measure
    of attributable risk", 1975, after Haldane and Anscombe).
    """
    if not exposure_now or not exposure_before:
        return float("nan"), float("nan")
    middle = log((now + 0.5) / exposure_now) - log((before + 0.5) / exposure_before)
    width = Z_95 * sqrt(1 / (now + 0.5) + 1 / (before + 0.5))
    return exp(middle - width), exp(middle + width)
