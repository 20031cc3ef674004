"""Performance Insights: db.load of an instance by wait event and by statement, literals taken out by AWS."""

from collections.abc import Iterator

import pandas as pd

from ddms_ops.sources.aws.resource_rows import of_each, record_row
from ddms_ops.sources.aws.session import AwsSession
from ddms_ops.sources.json_files import Row
from ddms_ops.window import Window

METRIC = "db.load.avg"
GROUPS = {
    "db.wait_event": ["db.wait_event.name", "db.wait_event.type"],
    "db.sql_tokenized": ["db.sql_tokenized.id", "db.sql_tokenized.statement"],
}
MOST = 10  # groups; the rest is in the total alone
PERIODS = ((6, 60), (48, 300), (float("inf"), 3600))  # hours up to which a window is read every so many seconds


def load_records(session: AwsSession, name: str, resource_id: str, window: Window) -> Iterator[Row]:
    """One row a point: average active sessions in all, and of the ten greatest wait events and statements.

    Args:
        session: where to ask.
        name: of the instance, as in the profile.
        resource_id: its DbiResourceId.
        window: when.

    Raises:
        AwsFault: the credentials have ended.
    """

    def rows_of(group: str) -> Iterator[Row]:
        period = next(period for hours, period in PERIODS if window.minutes <= hours * 60)
        pages = session.pages(
            "pi",
            "GetResourceMetrics",
            ask="NextToken",
            answer="NextToken",
            ServiceType="RDS",
            Identifier=resource_id,
            MetricQueries=[{"Metric": METRIC, "GroupBy": {"Group": group, "Dimensions": GROUPS[group], "Limit": MOST}}],
            StartTime=window.start.floor(f"{period}s").to_pydatetime(),
            EndTime=window.end.ceil(f"{period}s").to_pydatetime(),
            PeriodInSeconds=period,
        )
        for page in pages:
            for series in page.get("MetricList", []):
                dimensions = series["Key"].get("Dimensions", {})
                same = {"metric": METRIC, "group": group, "dimensions": dimensions, "period_s": period}
                for point in series.get("DataPoints", []):
                    if window.contains(pd.Timestamp(point["Timestamp"])) and "Value" in point:
                        record = {**same, "value": point["Value"]}
                        yield record_row("db_load", name, record, timestamp=point["Timestamp"])

    yield from of_each(f"database {name}: load by", GROUPS, rows_of)
