"""Metric points under the profile's names, with the ratios it declares."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from ddms_ops.declaration import Metric
from ddms_ops.schema import METRICS, conform


@dataclass(frozen=True, slots=True)
class MetricNames:
    """Which of a profile's metrics some points are of.

    `found` and `lacking` are the profile's, in its order; ratios, which are computed of others, are in neither.
    `others` are names of series, sorted, that are no metric of the profile by any of their statistics.
    """

    found: tuple[str, ...]
    lacking: tuple[str, ...]
    others: tuple[str, ...]

    @property
    def total(self) -> int:
        """How many metrics the profile has, ratios apart."""
        return len(self.found) + len(self.lacking)


def metric_names(table: pa.Table, declared: Mapping[str, Metric]) -> MetricNames:
    """Which of the profile's metrics some points are of; see `normalize_metrics` for how a series is one.

    Args:
        table: raw metric points.
        declared: the profile's metrics by our name.
    """
    rows = table.group_by(["id", "label", "statistic"]).aggregate([]).to_pylist()
    series = [(row["id"], row["label"], row["statistic"]) for row in rows]
    ours = {each: _our_name(*each, declared) for each in series}
    known = {name for name in ours.values() if name in declared}
    labels = {label for (_, label, _), name in ours.items() if name in known}
    asked = [name for name, metric in declared.items() if metric.ratio_of is None]
    others = {name for (_, label, _), name in ours.items() if name not in known and label not in labels}
    return MetricNames(
        found=tuple(name for name in asked if name in known),
        lacking=tuple(name for name in asked if name not in known),
        others=tuple(sorted(others)),
    )


def normalize_metrics(table: pa.Table, pull: str, declared: Mapping[str, Metric]) -> pd.DataFrame:
    """Metric points as a METRICS frame, ordered by metric and time.

    A series is ours by its id or label; get-metric-statistics output also by the CloudWatch
    name and statistic, where only one of our metrics has them. Others keep their label. A ratio
    is computed at each time both its parts have a value and the whole is not 0; its `row` is the part's.

    Args:
        table: raw metric points.
        pull: name of the pull.
        declared: the profile's metrics by our name.
    """
    frame = table.to_pandas()
    frame["row"] = range(len(frame))
    keys = frame[["id", "label", "statistic"]].drop_duplicates()
    names = [_our_name(row.id, row.label, row.statistic, declared) for row in keys.itertuples()]
    frame = frame.merge(keys.assign(metric=pd.Series(names, index=keys.index, dtype="str")), how="left")
    frame = frame.sort_values(["metric", "timestamp", "row"]).drop_duplicates(["metric", "timestamp"], keep="last")
    frame = conform(frame.assign(pull=pull), METRICS)
    ratios = [_ratio(frame, name, *metric.ratio_of) for name, metric in declared.items() if metric.ratio_of is not None]
    parts = [part for part in (frame, *ratios) if len(part)]
    return conform(pd.concat(parts, ignore_index=True), METRICS) if len(parts) > 1 else frame


def _our_name(series_id: object, label: object, statistic: object, declared: Mapping[str, Metric]) -> str:
    for name in (series_id, label):
        if name in declared:
            return str(name)
    if statistic:
        same = [ours for ours, metric in declared.items() if (metric.name, metric.statistic) == (label, statistic)]
        if len(same) == 1:
            return same[0]
    return str(label or series_id)


def _ratio(points: pd.DataFrame, name: str, part: str, whole: str) -> pd.DataFrame:
    parts = points[points["metric"] == part]
    wholes = points.loc[points["metric"] == whole, ["timestamp", "value"]]
    both = parts.merge(wholes, on="timestamp", suffixes=("", "_whole"))
    both = both[both["value_whole"].to_numpy() != 0]
    return both.assign(metric=name, value=both["value"] / both["value_whole"].replace(0, np.nan))
