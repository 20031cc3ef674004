"""What an export folder holds, read as the `files:` source reads it, so that both show the same incident."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pyarrow as pa

from ddms_ops.sources.base import AlarmQuery, ChangeQuery, LogQuery, MetricQuery
from ddms_ops.sources.files import FilesSource
from ddms_ops.window import EVER

Points = list[tuple[float, float]]  # seconds since 1970, value; in order of time


@dataclass(frozen=True, slots=True)
class AlarmChange:
    """One item of an alarm's history."""

    at: datetime
    alarm: str
    type: str
    summary: str
    data: str


@dataclass(frozen=True, slots=True)
class Export:
    """Log events by group, metric points, CloudTrail records as JSON texts, alarm history.

    `points` are by the id of their series; those of get-metric-statistics output by CloudWatch name and statistic.
    """

    logs: dict[str, pa.Table] = field(default_factory=dict)
    points: dict[str, Points] = field(default_factory=dict)
    named_points: dict[tuple[str, str], Points] = field(default_factory=dict)
    records: tuple[str, ...] = ()
    alarms: tuple[AlarmChange, ...] = ()


def read_export(root: Path) -> Export:
    """The contents of an export folder.

    Raises:
        SourceError: not a folder of exports.
    """
    source = FilesSource(root)
    logs = {}
    for group in source.log_groups():
        events = source.fetch_log_events(LogQuery(EVER, group), pull=group).table
        columns = ["timestamp", "message", "log_stream", "event_id", "ingestion_time"]
        logs[group] = events.select(columns).rename_columns([*columns[:2], "stream", *columns[3:]])
    points: dict[str, Points] = defaultdict(list)
    named: dict[tuple[str, str], Points] = defaultdict(list)
    for row in source.fetch_metric_points(MetricQuery(EVER), pull="metrics").table.to_pylist():
        point = row["timestamp"].timestamp(), row["value"]
        points[row["id"]].append(point)
        if row["statistic"]:
            named[row["label"], row["statistic"]].append(point)
    records = source.fetch_changes(ChangeQuery(EVER), pull="trail").table["record"].to_pylist()
    items = source.fetch_alarm_changes(AlarmQuery(EVER), pull="alarms").table.to_pylist()
    alarms = [
        AlarmChange(row["timestamp"], row["alarm"], row["type"] or "", row["summary"] or "", row["data"] or "")
        for row in items
    ]
    return Export(logs, dict(points), dict(named), tuple(records), tuple(alarms))
