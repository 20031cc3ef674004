"""Alarm history and present states of alarms."""

from collections.abc import Iterator

import pandas as pd

from ddms_ops.sources.aws.resource_rows import iso_text
from ddms_ops.sources.aws.session import AwsSession
from ddms_ops.sources.json_files import FAULT, Row
from ddms_ops.sources.json_files import alarm_changes as read_items
from ddms_ops.window import Window

TYPES = ["MetricAlarm", "CompositeAlarm"]  # AWS leaves composite ones out unless asked
KEPT = pd.Timedelta(days=30)
PAGE = 100


def alarm_changes(session: AwsSession, window: Window, *, now: pd.Timestamp) -> Iterator[Row]:
    """Rows of ALARM_CHANGES: every history item of every alarm, state changes and others.

    AWS keeps them for 30 days; an older window is said to be partial.

    Raises:
        AwsFault: not answered.
    """
    if now - window.start > KEPT:
        yield {FAULT: f"CloudWatch keeps alarm history for {KEPT.days} days; {window.start:%Y-%m-%d} is older"}
    pages = session.pages(
        "cloudwatch",
        "DescribeAlarmHistory",
        ask="NextToken",
        answer="NextToken",
        AlarmTypes=TYPES,
        StartDate=window.start.to_pydatetime(),
        EndDate=window.end.to_pydatetime(),
        MaxRecords=PAGE,
        ScanBy="TimestampAscending",
    )
    for page in pages:
        items = [{**item, "Timestamp": iso_text(item.get("Timestamp"))} for item in page["AlarmHistoryItems"]]
        yield from read_items({"AlarmHistoryItems": items}, "")


def alarm_states(session: AwsSession, prefix: str = "") -> Iterator[dict]:
    """Alarms as DescribeAlarms gives them, metric and composite ones.

    Args:
        session: where to ask.
        prefix: what their names begin with; empty means all.

    Raises:
        AwsFault: not answered.
    """
    named = {"AlarmNamePrefix": prefix} if prefix else {}
    pages = session.pages(
        "cloudwatch",
        "DescribeAlarms",
        ask="NextToken",
        answer="NextToken",
        AlarmTypes=TYPES,
        MaxRecords=PAGE,
        **named,
    )
    for page in pages:
        yield from page.get("MetricAlarms", [])
        yield from page.get("CompositeAlarms", [])
