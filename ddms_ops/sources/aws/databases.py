"""RDS: instances and clusters as they are, their events, and what the database was busy with."""

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from ddms_ops.sources.aws.database_load import load_records
from ddms_ops.sources.aws.faults import ABSENT, AwsFault
from ddms_ops.sources.aws.resource_rows import of_each, record_row
from ddms_ops.sources.aws.session import AwsSession
from ddms_ops.sources.json_files import FAULT, Row
from ddms_ops.window import Window

KEPT = pd.Timedelta(days=14)
LOAD_DAYS = 7  # where the instance does not say
PAGE = 100
UNTOLD = "PendingModifiedValues"  # may hold a new password


def database_records(session: AwsSession, names: Sequence[str], window: Window, *, now: pd.Timestamp) -> Iterator[Row]:
    """Rows of instances and clusters by name, their events of the window, and db.load where it is measured.

    A cluster brings its member instances with it. RDS keeps events for 14 days; an older window is said to be partial.

    Raises:
        AwsFault: the credentials have ended.
    """

    def rows_of(name: str) -> Iterator[Row]:
        try:
            yield from _instance(session, name, window, now)
            return
        except AwsFault as fault:
            if fault.code not in ABSENT:
                raise
        cluster = session.call("rds", "DescribeDBClusters", DBClusterIdentifier=name)["DBClusters"][0]
        yield record_row("db_cluster", name, _told(cluster))
        yield from _events(session, "db-cluster", name, window, now)
        members = [member["DBInstanceIdentifier"] for member in cluster.get("DBClusterMembers", [])]
        yield from of_each("database", members, lambda member: _instance(session, member, window, now))

    yield from of_each("database", names, rows_of)
    if names and window.start < now - KEPT:
        yield {FAULT: f"RDS keeps events for {KEPT.days} days; {window.start:%Y-%m-%d} is older"}


def _instance(session: AwsSession, name: str, window: Window, now: pd.Timestamp) -> Iterator[Row]:
    instance = session.call("rds", "DescribeDBInstances", DBInstanceIdentifier=name)["DBInstances"][0]
    yield record_row("db_instance", name, _told(instance))
    yield from of_each("database", [name], lambda _: _events(session, "db-instance", name, window, now))
    if instance.get("PerformanceInsightsEnabled"):
        days = instance.get("PerformanceInsightsRetentionPeriod", LOAD_DAYS)
        if now - window.start > pd.Timedelta(days=days):
            yield {FAULT: f"database {name}: Performance Insights keeps {days} days; {window.start:%Y-%m-%d} is older"}
        yield from load_records(session, name, instance["DbiResourceId"], window)


def _told(resource: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in resource.items() if key != UNTOLD}


def _events(session: AwsSession, kind: str, name: str, window: Window, now: pd.Timestamp) -> Iterator[Row]:
    oldest = now - KEPT
    if window.end <= oldest:
        return
    pages = session.pages(
        "rds",
        "DescribeEvents",
        ask="Marker",
        answer="Marker",
        SourceType=kind,
        SourceIdentifier=name,
        StartTime=max(window.start, oldest).to_pydatetime(),
        EndTime=window.end.to_pydatetime(),
        MaxRecords=PAGE,
    )
    for page in pages:
        for event in page.get("Events", []):
            if window.start <= event["Date"] < window.end:
                yield record_row("db_event", name, event, timestamp=event["Date"])
