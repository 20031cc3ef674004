"""CloudWatch metrics: GetMetricData and ListMetrics over an export's points, and what each log group takes in."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import numpy as np

from ddms_ops.profile import known_systems, load_profile
from ddms_ops.sandbox.export import Export, Points
from ddms_ops.sandbox.log_store import OVERHEAD, LogStore
from ddms_ops.sandbox.refusal import Refusal
from ddms_ops.sandbox.wire import moment

MOST_QUERIES, MOST_POINTS = 500, 100_800
PAGE = 500
INCOMING = ("AWS/Logs", "IncomingBytes")
COMBINED: dict[str, Callable[[list[float]], float]] = {
    "Sum": sum,
    "SampleCount": sum,
    "Minimum": min,
    "Maximum": max,
    "Average": lambda values: sum(values) / len(values),
}
# Namespace, name, dimensions and statistic: what a query asks for.
Measured = tuple[str, str, frozenset[tuple[str, str]], str]


class Metrics:
    """The operations on metrics; a series of the export is known by the profile's key, or by its CloudWatch name."""

    def __init__(self, export: Export, store: LogStore) -> None:
        self._export, self._store = export, store

    def handlers(self) -> dict[str, Callable[[dict[str, Any]], dict[str, Any] | bytes]]:
        """What answers each operation."""
        return {"GetMetricData": self.data, "ListMetrics": self.listed}

    def data(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Points of each query, newest first unless asked otherwise, in pages of at most 100,800."""
        queries = asked.get("MetricDataQueries", [])
        if not 1 <= len(queries) <= MOST_QUERIES or not all("MetricStat" in query for query in queries):
            raise Refusal("ValidationError", f"give from 1 to {MOST_QUERIES} queries with a MetricStat")
        start, end = moment(asked["StartTime"]), moment(asked["EndTime"])
        is_rising = asked.get("ScanBy") == "TimestampAscending"
        left = min(int(asked.get("MaxDatapoints") or MOST_POINTS), MOST_POINTS)
        skipped = first = _place(asked.get("NextToken"))
        results = []
        given, whole = 0, 0
        for query in queries:
            points = self._points(query["MetricStat"], start, end)
            points = points if is_rising else points[::-1]
            whole += len(points)
            taken = points[skipped : skipped + left - given]
            is_done = skipped + len(taken) >= len(points)
            if taken or (not points and not first):
                results.append(_series(query, taken, is_done))
            given += len(taken)
            skipped = max(0, skipped - len(points))
        more = {"NextToken": f"point-{first + given}"} if first + given < whole else {}
        return {"MetricDataResults": results, "Messages": [], **more}

    def listed(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Metrics that have points, by namespace, name and dimensions."""
        known = sorted({(space, name, tuple(sorted(sizes))) for space, name, sizes, _ in self._having_points()})
        known += [(*INCOMING, (("LogGroupName", group.name),)) for group in self._store.groups]
        wanted = {(each["Name"], each.get("Value")) for each in asked.get("Dimensions", [])}
        kept = [
            {
                "Namespace": space,
                "MetricName": name,
                "Dimensions": [{"Name": key, "Value": value} for key, value in sizes],
            }
            for space, name, sizes in known
            if asked.get("Namespace") in (None, space)
            and asked.get("MetricName") in (None, name)
            and wanted <= {*sizes, *((key, None) for key, _ in sizes)}
        ]
        place = _place(asked.get("NextToken"))
        more = {"NextToken": f"point-{place + PAGE}"} if place + PAGE < len(kept) else {}
        return {"Metrics": kept[place : place + PAGE], **more}

    @cached_property
    def _keys(self) -> dict[Measured, list[str]]:
        """The keys that each system's profile has, in its first environment, for what is measured."""
        found: dict[Measured, list[str]] = defaultdict(list)
        for system in known_systems():
            for key, metric in load_profile(system).metrics.items():
                if metric.ratio_of is None:
                    sizes = frozenset(metric.dimensions.items())
                    found[metric.namespace, metric.name, sizes, metric.statistic].append(key)
        return dict(found)

    def _having_points(self) -> Iterator[Measured]:
        yield from (measured for measured in self._keys if self._measured(measured))

    def _measured(self, measured: Measured) -> Points:
        if not (self._export.points or self._export.named_points):
            return []
        own = (self._export.points[key] for key in self._keys.get(measured, ()) if key in self._export.points)
        return next(own, []) or (
            self._export.named_points.get((measured[1], measured[3]), []) if measured in self._keys else []
        )

    def _points(self, asked: dict[str, Any], start: float, end: float) -> Points:
        """Points of whole periods, in order of time."""
        metric, period, statistic = asked["Metric"], int(asked["Period"]), str(asked["Stat"])
        dimensions = {each["Name"]: each["Value"] for each in metric.get("Dimensions", [])}
        if (metric.get("Namespace"), metric.get("MetricName")) == INCOMING:
            return self._incoming(dimensions.get("LogGroupName", ""), period, start, end)
        sizes = frozenset(dimensions.items())
        points = self._measured((metric.get("Namespace", ""), metric.get("MetricName", ""), sizes, statistic))
        periods: dict[float, list[float]] = defaultdict(list)
        for at, value in points:
            if start <= at < end:
                periods[at // period * period].append(value)
        return [(at, _combined(values, statistic)) for at, values in sorted(periods.items())]

    def _incoming(self, group: str, period: int, start: float, end: float) -> Points:
        """Bytes a period that a log group took in."""
        if group not in {known.name for known in self._store.groups}:
            return []
        with self._store.cursor() as cursor:
            rows = cursor.execute(
                f"""SELECT ms // ? * ?, sum(strlen(message) + {OVERHEAD}) FROM "{self._store.group(group).table}"
                WHERE ms >= ? AND ms < ? GROUP BY 1 ORDER BY 1""",
                [period * 1000, period, int(start * 1000), int(end * 1000)],
            ).fetchall()
        return [(float(at), float(size)) for at, size in rows]


def _combined(values: list[float], statistic: str) -> float:
    """One value for several finer ones; exact but for percentiles, which are those of the values."""
    if len(values) == 1:
        return values[0]
    if statistic in COMBINED:
        return COMBINED[statistic](values)
    return float(np.percentile(values, float(statistic.removeprefix("p"))))


def _series(query: dict[str, Any], points: Points, is_done: bool) -> dict[str, Any]:
    return {
        "Id": query["Id"],
        "Label": query.get("Label") or query["MetricStat"]["Metric"]["MetricName"],
        "Timestamps": [datetime.fromtimestamp(at, UTC) for at, _ in points],
        "Values": [value for _, value in points],
        "StatusCode": "Complete" if is_done else "PartialData",
    }


def _place(token: str | None) -> int:
    if token is None:
        return 0
    if not token.startswith("point-") or not token[6:].isdigit():
        raise Refusal("InvalidNextToken", "the token was never given")
    return int(token[6:])
