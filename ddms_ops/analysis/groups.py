"""Log events grouped by what they say, and each group against the baseline.

Errors are grouped by error name and template, other events by level and template. Every event
is in exactly one group, so counts add up to the events read.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from math import erfc, sqrt

import numpy as np
import pandas as pd

from ddms_ops.analysis.templates import message_templates

ERROR_LEVELS = ("ERROR", "FATAL")


def with_groups(logs: pd.DataFrame) -> pd.DataFrame:
    """The LOGS frame with `is_error` (bool), `template` (category) and `group` (category, a stable id)."""
    is_error = logs["level"].isin(ERROR_LEVELS)
    template = message_templates(logs["message"])
    name = logs["error"].where(is_error).fillna("").astype("category")
    level = logs["level"].astype("str").fillna("").astype("category")
    codes = (template.cat.codes.astype("int64") * (len(name.cat.categories) + 1) + name.cat.codes) * (
        len(level.cat.categories) + 1
    ) + level.cat.codes.where(~is_error, len(level.cat.categories))
    numbers, firsts = np.unique(codes.to_numpy(), return_index=True)
    keys = zip(template.iloc[firsts], name.iloc[firsts], level.iloc[firsts], is_error.iloc[firsts], strict=True)
    ids = [_group_id(text, error, "ERROR" if failed else level) for text, error, level, failed in keys]
    labels = pd.Categorical(ids)
    group = pd.Categorical.from_codes(labels.codes[np.searchsorted(numbers, codes.to_numpy())], labels.categories)
    return logs.assign(is_error=is_error, template=template, group=pd.Series(group, index=logs.index))


def _group_id(template: str, error: str, level: str) -> str:
    text = json.dumps([template, error, level], ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def group_table(
    logs: pd.DataFrame, baseline: pd.DataFrame, *, minutes: tuple[float, float] = (1.0, 1.0)
) -> pd.DataFrame:
    """Every group with its counts in the window and the baseline, most events first.

    Rates are per `exposure` in the group's most frequent log group. `p_value` is two-sided, of the likelihood
    ratio of the two Poisson rates (1 degree of freedom); it is 1 over an empty baseline.

    Args:
        logs: `with_groups` of the window.
        baseline: `with_groups` of the baseline.
        minutes: lengths of the two.

    Returns:
        Columns group, is_error, level, error, template, log_group (the most frequent), events,
        baseline_events, ratio (inf for a new group), p_value, first_seen, last_seen (window, NaT when
        absent), tenants. Sum of events is len(logs), of baseline_events len(baseline).
    """
    both = pd.concat([logs.assign(side=1), baseline.assign(side=0)], ignore_index=True)
    if both.empty:
        return pd.DataFrame(columns=GROUP_COLUMNS)
    grouped = both.groupby("group", observed=True)
    firsts = both.loc[~both["group"].duplicated(), ["group", "is_error", "level", "error", "template"]].set_index(
        "group"
    )
    table = firsts.join(_modes(both, "log_group"))
    now = both[both["side"] == 1].groupby("group", observed=True)
    table["events"] = grouped["side"].sum()
    table["baseline_events"] = grouped.size() - table["events"]
    table["first_seen"] = now["timestamp"].min()
    table["last_seen"] = now["timestamp"].max()
    table["tenants"] = now["tenant"].nunique().reindex(table.index).fillna(0).astype("int64")
    known = {name: exposure(logs, baseline, [name], minutes=minutes) for name in table["log_group"].unique()}
    table["ratio"], table["p_value"] = zip(*_rates(table, known), strict=True)
    table["error"] = table["error"].where(table["is_error"])
    table = table.reset_index().astype({"group": "str", "template": "str", "level": "str", "log_group": "str"})
    return table.sort_values(["events", "baseline_events", "group"], ascending=[False, False, True], ignore_index=True)[
        GROUP_COLUMNS
    ]


def _rates(table: pd.DataFrame, known: Mapping[str, tuple[float, float]]) -> Iterator[tuple[float, float]]:
    for row in table[["events", "baseline_events", "log_group"]].itertuples():
        yield rate_test(row.events, row.baseline_events, *known[row.log_group])


GROUP_COLUMNS = [
    "group", "is_error", "level", "error", "template", "log_group", "events", "baseline_events", "ratio", "p_value",
    "first_seen", "last_seen", "tenants",
]  # fmt: skip


def _modes(frame: pd.DataFrame, column: str) -> pd.Series:
    """Most frequent value of a column in each group, the first by name among equals."""
    counts = frame.groupby(["group", column], observed=True).size().rename("n").reset_index()
    counts[column] = counts[column].astype("str")
    best = counts.sort_values(["n", column], ascending=[False, True]).drop_duplicates("group")
    return best.set_index("group")[column]


def exposure(
    logs: pd.DataFrame, baseline: pd.DataFrame, log_groups: Iterable[str], *, minutes: tuple[float, float]
) -> tuple[float, float]:
    """What errors of some log groups are counted against, in the window and in the baseline.

    Their events that are no errors, so that more traffic alone is no rise; the windows' lengths in minutes where
    either side has none of those; 0 for an empty baseline.
    """
    if baseline.empty:
        return minutes[0], 0.0
    names = set(log_groups)
    healthy = [int((frame["log_group"].isin(names) & ~frame["is_error"]).sum()) for frame in (logs, baseline)]
    return (float(healthy[0]), float(healthy[1])) if all(healthy) else minutes


def rate_test(now: int, before: int, exposure_now: float, exposure_before: float) -> tuple[float, float]:
    """Ratio of two Poisson rates (inf from 0, NaN without exposure), and the p-value that they are one."""
    if not exposure_now or not exposure_before:
        return float("nan"), 1.0
    rate, base = now / exposure_now, before / exposure_before
    pooled = (now + before) / (exposure_now + exposure_before)
    llr = sum(k * np.log(k / (pooled * n)) for k, n in ((now, exposure_now), (before, exposure_before)) if k)
    return (rate / base if base else float("inf")), erfc(sqrt(max(llr, 0.0)))
