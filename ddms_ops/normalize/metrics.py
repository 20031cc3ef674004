"""Metric points under the profile's names, with the ratios it declares."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa

from ddms_ops.declaration import Metric
from ddms_ops.schema import METRICS, conform


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
