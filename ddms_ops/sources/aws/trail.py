"""Changes that CloudTrail saw, through LookupEvents."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from ddms_ops.sources.aws.resource_rows import iso_text
from ddms_ops.sources.aws.session import AwsSession
from ddms_ops.sources.json_files import FAULT, Row, change_records
from ddms_ops.window import Window

KEPT = pd.Timedelta(days=90)
WRITES = [{"AttributeKey": "ReadOnly", "AttributeValue": "false"}]
PAGE = 50


def trail_changes(session: AwsSession, window: Window, *, now: pd.Timestamp) -> Iterator[Row]:
    """Rows of CHANGE_RECORDS: calls that change something; reads are not asked for.

    LookupEvents tells of this region's management events only, never of data events (objects read, rows written).
    Global services (IAM, CloudFront, Route 53) are told of in us-east-1. Events show up within 15 minutes.

    Raises:
        AwsFault: not answered.
    """
    oldest = now - KEPT
    if window.start < oldest:
        reason = f"CloudTrail LookupEvents keeps {KEPT.days} days; {window.start:%Y-%m-%d} is older"
        yield {FAULT: f"{reason}; name athena.trail in the profile"}
    if window.end <= oldest:
        return
    pages = session.pages(
        "cloudtrail",
        "LookupEvents",
        ask="NextToken",
        answer="NextToken",
        LookupAttributes=WRITES,
        StartTime=max(window.start, oldest).to_pydatetime(),
        EndTime=window.end.to_pydatetime(),
        MaxResults=PAGE,
    )
    for page in pages:
        for event in page["Events"]:
            yield from _rows(event)


def _rows(event: dict[str, Any]) -> Iterator[Row]:
    event = {**event, "EventTime": iso_text(event.get("EventTime"))}
    try:
        yield from change_records({"Events": [event]}, "")
    except ValueError:
        yield {FAULT: f"event {event.get('EventId')} is not whole JSON; its name and time are kept"}
        yield from change_records({"Events": [{**event, "CloudTrailEvent": None}]}, "")
