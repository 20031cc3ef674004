"""What an Insights query will read and cost, before it is asked.

The estimate is the log group's IncomingBytes metric over the window, which AWS keeps for every group. The price is
the list price of us-east-1, 0.005 USD a GB scanned (aws.amazon.com/cloudwatch/pricing); other regions cost up to half
as much again.
"""

from dataclasses import dataclass
from decimal import Decimal

import pandas as pd

from ddms_ops.sources.aws.session import AwsSession
from ddms_ops.window import Window

USD_A_GB = Decimal("0.005")
GB = 1_000_000_000
PERIODS = ((15, 60), (63, 300), (455, 3600))  # days that points of a period (s) are kept


@dataclass(frozen=True, slots=True)
class Scan:
    """Bytes that a query reads: before, an estimate; None where nothing is known."""

    bytes: int | None

    @property
    def usd(self) -> Decimal:
        """Their price, to the cent's hundredth."""
        return (Decimal(self.bytes or 0) / GB * USD_A_GB).quantize(Decimal("0.0001"))

    def __str__(self) -> str:
        if self.bytes is None:
            return "an unknown number of bytes"
        return f"{self.bytes / GB:,.3f} GB, about {self.usd} USD"


def estimate(session: AwsSession, log_group: str, window: Window, *, now: pd.Timestamp) -> Scan:
    """Bytes that the group took in during the window, whole periods.

    Raises:
        AwsFault: the metric may not be read.
    """
    period = period_s(window.start, now)
    metric = {
        "Namespace": "AWS/Logs",
        "MetricName": "IncomingBytes",
        "Dimensions": [{"Name": "LogGroupName", "Value": log_group}],
    }
    query = {"Id": "bytes", "MetricStat": {"Metric": metric, "Period": period, "Stat": "Sum"}}
    start, end = window.start.floor(f"{period}s"), window.end.ceil(f"{period}s")
    total, is_known = 0.0, False
    asked = {"MetricDataQueries": [query], "StartTime": start.to_pydatetime(), "EndTime": end.to_pydatetime()}
    for page in session.pages("cloudwatch", "GetMetricData", ask="NextToken", answer="NextToken", **asked):
        for series in page.get("MetricDataResults", []):
            is_known = is_known or bool(series.get("Values"))
            total += sum(series.get("Values", []))
    return Scan(round(total) if is_known else None)


def period_s(start: pd.Timestamp, now: pd.Timestamp) -> int:
    """The finest period of which CloudWatch still keeps points so old."""
    age_days = (now - start).total_seconds() / 86_400
    return next((period for days, period in PERIODS if age_days < days), PERIODS[-1][1])
