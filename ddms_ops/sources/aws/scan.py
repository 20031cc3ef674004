"""What an Insights query will read and cost, before it is asked.

The estimate is the log group's IncomingBytes metric over the window, which AWS keeps for every group, as it does
IncomingLogEvents. The price is the list price of us-east-1, 0.005 USD a GB scanned (aws.amazon.com/cloudwatch/pricing);
other regions cost up to half as much again.
"""

from dataclasses import dataclass
from decimal import Decimal

import pandas as pd

from ddms_ops.sources.aws.session import AwsSession
from ddms_ops.window import Window

USD_A_GB = Decimal("0.005")
GB = 1_000_000_000
LEAST_BYTES = 27  # of an event: AWS counts 26 besides its message
METRICS = {"bytes": "IncomingBytes", "events": "IncomingLogEvents"}
PERIODS = ((15, 60), (63, 300), (455, 3600))  # days that points of a period (s) are kept


@dataclass(frozen=True, slots=True)
class Scan:
    """Bytes that a query reads: before, an estimate; None where nothing is known."""

    bytes: int | None

    @property
    def usd(self) -> Decimal:
        """Their price, to the cent's hundredth."""
        return price(self.bytes or 0).quantize(Decimal("0.0001"))

    def __str__(self) -> str:
        if self.bytes is None:
            return "an unknown number of bytes"
        return f"{self.bytes / GB:,.3f} GB, about {self.usd} USD"


def price(size: int) -> Decimal:
    """What reading so many bytes costs, USD."""
    return Decimal(size) / GB * USD_A_GB


@dataclass(frozen=True, slots=True)
class Incoming:
    """What a log group took in, by start of period; empty where the metric has no points."""

    bytes: dict[pd.Timestamp, float]
    events: dict[pd.Timestamp, float]

    @property
    def about(self) -> int | None:
        """About how many events; at most that many where only their bytes are known; None where nothing is."""
        if self.events:
            return round(sum(self.events.values()))
        return round(sum(self.bytes.values()) / LEAST_BYTES) if self.bytes else None


def estimate(session: AwsSession, log_group: str, window: Window, *, now: pd.Timestamp) -> Scan:
    """Bytes that the group took in during the window, whole periods.

    Raises:
        AwsFault: the metric may not be read.
    """
    found = incoming(session, log_group, window, now=now).bytes
    return Scan(round(sum(found.values())) if found else None)


def incoming(session: AwsSession, log_group: str, window: Window, *, now: pd.Timestamp) -> Incoming:
    """Bytes and events that the group took in during the window, whole periods, by their time of arrival.

    Raises:
        AwsFault: the metrics may not be read.
    """
    period = period_s(window.start, now)
    start, end = window.start.floor(f"{period}s"), window.end.ceil(f"{period}s")
    asked = {
        "MetricDataQueries": [_query(name, log_group, period) for name in METRICS],
        "StartTime": start.to_pydatetime(),
        "EndTime": end.to_pydatetime(),
    }
    found: dict[str, dict[pd.Timestamp, float]] = {name: {} for name in METRICS}
    for page in session.pages("cloudwatch", "GetMetricData", ask="NextToken", answer="NextToken", **asked):
        for series in page.get("MetricDataResults", []):
            stamps = pd.to_datetime(series.get("Timestamps", []), utc=True)
            found[series["Id"]] |= dict(zip(stamps, series.get("Values", []), strict=True))
    return Incoming(**found)


def _query(name: str, log_group: str, period: int) -> dict[str, object]:
    metric = {
        "Namespace": "AWS/Logs",
        "MetricName": METRICS[name],
        "Dimensions": [{"Name": "LogGroupName", "Value": log_group}],
    }
    return {"Id": name, "MetricStat": {"Metric": metric, "Period": period, "Stat": "Sum"}}


def period_s(start: pd.Timestamp, now: pd.Timestamp) -> int:
    """The finest period of which CloudWatch still keeps points so old."""
    age_days = (now - start).total_seconds() / 86_400
    return next((period for days, period in PERIODS if age_days < days), PERIODS[-1][1])
