"""Points of the profile's metrics through GetMetricData."""

from collections.abc import Iterator, Mapping
from itertools import groupby

import pandas as pd

from ddms_ops.declaration import Metric
from ddms_ops.sources.aws.resource_rows import iso_text
from ddms_ops.sources.aws.scan import PERIODS, period_s
from ddms_ops.sources.aws.session import AwsSession
from ddms_ops.sources.json_files import FAULT, Row
from ddms_ops.window import Window

MOST_QUERIES = 500  # a call
MOST_POINTS = 100_800  # an answer; more come with a token
MINUTE_S = 60
FINE = pd.Timedelta(hours=3)  # how long points finer than a minute are kept
KEPT = pd.Timedelta(days=PERIODS[-1][0])
COMPLETE = "Complete"


def metric_points(
    session: AwsSession, window: Window, metrics: Mapping[str, Metric], *, now: pd.Timestamp
) -> Iterator[Row]:
    """Rows of METRIC_POINTS, the profile's key as id and label; whole periods, so the edges may stick out.

    Ratios are not asked for. Where CloudWatch no longer keeps points as fine as the profile wants, coarser ones come
    and a fault says so: what they average away cannot be seen. A series without points is no fault.

    Raises:
        AwsFault: not answered.
    """
    asked = {key: metric for key, metric in metrics.items() if metric.ratio_of is None}
    periods = {key: period_kept(metric.period_s, window.start, now) for key, metric in asked.items()}
    if now - window.start > KEPT:
        yield {FAULT: f"CloudWatch keeps points for {KEPT.days} days; {window.start:%Y-%m-%d} is older"}
    for period, keys in groupby(sorted(asked, key=lambda key: (periods[key], key)), key=lambda key: periods[key]):
        same = list(keys)
        if coarse := [key for key in same if asked[key].period_s < period]:
            yield {FAULT: f"points so old are kept every {period} s only: {', '.join(coarse)}"}
        for place in range(0, len(same), MOST_QUERIES):
            batch = {key: asked[key] for key in same[place : place + MOST_QUERIES]}
            yield from _batch(session, window, batch, period)


def period_kept(wanted_s: int, start: pd.Timestamp, now: pd.Timestamp) -> int:
    """The period (s) to ask for: as wanted, or the next that CloudWatch still has for points so old."""
    if wanted_s < MINUTE_S and now - start < FINE:
        return wanted_s
    finest = period_s(start, now)
    return -(-wanted_s // finest) * finest


def _batch(session: AwsSession, window: Window, metrics: Mapping[str, Metric], period: int) -> Iterator[Row]:
    keys = {f"m{place}": key for place, key in enumerate(metrics)}
    states = dict.fromkeys(keys, COMPLETE)
    pages = session.pages(
        "cloudwatch",
        "GetMetricData",
        ask="NextToken",
        answer="NextToken",
        MetricDataQueries=[_query(name, metrics[key], period) for name, key in keys.items()],
        StartTime=window.start.floor(f"{period}s").to_pydatetime(),
        EndTime=window.end.ceil(f"{period}s").to_pydatetime(),
        ScanBy="TimestampAscending",
        MaxDatapoints=MOST_POINTS,
    )
    for page in pages:
        for code in sorted({message["Code"] for message in page.get("Messages", []) if message.get("Code")}):
            yield {FAULT: f"CloudWatch says {code}: not all of the metrics may be there"}
        for series in page["MetricDataResults"]:
            key = keys[series["Id"]]
            states[series["Id"]] = series.get("StatusCode", COMPLETE)
            for stamp, value in zip(series["Timestamps"], series["Values"], strict=True):
                yield _point(key, metrics[key], iso_text(stamp), value)
    for name, state in states.items():
        if state != COMPLETE:
            yield {FAULT: f"metric {keys[name]} is {state}: AWS returned only a part"}


def _query(name: str, metric: Metric, period: int) -> dict[str, object]:
    dimensions = [{"Name": dimension, "Value": value} for dimension, value in metric.dimensions.items()]
    measured = {"Namespace": metric.namespace, "MetricName": metric.name, "Dimensions": dimensions}
    return {"Id": name, "MetricStat": {"Metric": measured, "Period": period, "Stat": metric.statistic}}


def _point(key: str, metric: Metric, stamp: str | None, value: float) -> Row:
    return {
        "timestamp": stamp,
        "id": key,
        "label": key,
        "statistic": metric.statistic,
        "unit": metric.unit,
        "value": value,
    }
