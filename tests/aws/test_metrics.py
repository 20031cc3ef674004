"""Metrics: the profile's keys come back with whole periods, and what AWS left out is said."""

from datetime import datetime

import boto3
import pandas as pd
import pytest
from builders import at, window
from servers import Canned, session_at

from ddms_ops.coverage import Status
from ddms_ops.declaration import Metric
from ddms_ops.sources.aws.collect import collect
from ddms_ops.sources.aws.metrics import metric_points, period_kept
from ddms_ops.sources.aws.session import AwsSession
from ddms_ops.sources.base import METRIC_POINTS, MetricQuery, Provenance, Pull
from ddms_ops.sources.json_files import FAULT
from ddms_ops.window import Window

HOUR = window("10:00", "11:00")
NOW = at("12:00")


def metric(name: str = "Latency", *, statistic: str = "Average", period_s: int = 60) -> Metric:
    """A CloudWatch metric of the system."""
    return Metric(namespace="App", name=name, statistic=statistic, period_s=period_s, unit="ms")


def series(place: int, *clocks: str, state: str = "Complete") -> dict:
    """A series of an answer: 1.0 at each time."""
    stamps = [at(clock).to_pydatetime() for clock in clocks]
    return {"Id": f"m{place}", "Timestamps": stamps, "Values": [1.0] * len(stamps), "StatusCode": state}


def fetched(session: AwsSession, metrics: dict[str, Metric], *, asked: Window = HOUR, now: datetime = NOW) -> Pull:
    """The pull."""
    rows = metric_points(session, asked, metrics, now=pd.Timestamp(now))
    return collect(rows, MetricQuery(asked), pull="metrics", schema=METRIC_POINTS, provenance=Provenance("live"))


def test_points_carry_the_profiles_key(aws: AwsSession):
    """Id and label are ours, statistic and unit the declared ones; a ratio is not asked for."""
    datum = {"MetricName": "Latency", "Value": 12.5, "Timestamp": at("10:30").to_pydatetime()}
    boto3.client("cloudwatch").put_metric_data(Namespace="App", MetricData=[datum])
    ratio = Metric(ratio_of=("latency", "latency"), period_s=60, unit="1")
    table = fetched(aws, {"latency": metric(), "ratio": ratio}).table
    expected = {"id": "latency", "label": "latency", "statistic": "Average", "unit": "ms", "value": 12.5}
    assert table.drop_columns("timestamp").to_pylist() == [expected]
    assert table["timestamp"].to_pylist() == [at("10:30")]


def test_pages_are_followed_and_trimmed(monkeypatch: pytest.MonkeyPatch):
    """Periods are whole, the records stay in the half-open window."""
    first = {"MetricDataResults": [series(0, "09:55", "10:02", state="PartialData")], "NextToken": "t"}
    with Canned(GetMetricData=[first, {"MetricDataResults": [series(0, "10:58", "11:00")]}]) as server:
        asked = window("10:01:30", "11:00")
        pull = fetched(session_at(server, monkeypatch), {"p95": metric(statistic="p95", period_s=300)}, asked=asked)
    assert pull.table["timestamp"].to_pylist() == [at("10:02"), at("10:58")]
    assert pull.coverage.status is Status.COMPLETE
    assert server.asked[0][1]["StartTime"] == at("10:00").timestamp()
    assert server.asked[0][1]["MetricDataQueries"][0]["MetricStat"]["Stat"] == "p95"
    assert server.asked[1][1]["NextToken"] == "t"


@pytest.mark.parametrize("state", ["PartialData", "InternalError", "Forbidden"])
def test_a_series_that_is_not_whole_is_said(state: str, monkeypatch: pytest.MonkeyPatch):
    """The profile's key stands in the reason; the messages of AWS do not."""
    answer = {"MetricDataResults": [series(0, "10:01"), series(1, "10:01", state=state)], "Messages": [{"Value": "x"}]}
    with Canned(GetMetricData=[answer]) as server:
        pull = fetched(session_at(server, monkeypatch), {"errors": metric(), "latency": metric()})
    assert (pull.table.num_rows, pull.coverage.status) == (2, Status.PARTIAL)
    assert pull.coverage.reason == f"metric latency is {state}: AWS returned only a part"


def test_at_most_500_queries_a_call(monkeypatch: pytest.MonkeyPatch):
    """The rest goes into another call, with ids of its own."""
    with Canned(GetMetricData=[{"MetricDataResults": [series(0, "10:01")]}]) as server:
        pull = fetched(session_at(server, monkeypatch), {f"k{place:03}": metric() for place in range(501)})
    assert [len(asked["MetricDataQueries"]) for asked in server.parameters("GetMetricData")] == [500, 1]
    assert sorted(pull.table["id"].to_pylist()) == ["k000", "k500"]


@pytest.mark.parametrize(
    ("wanted", "days", "asked"),
    [
        (60, 1, 60),
        (60, 16, 300),
        (420, 16, 600),
        (60, 64, 3600),
        (300, 16, 300),
        (86_400, 400, 86_400),
        (10, 0, 10),
        (10, 1, 60),
    ],
)
def test_old_points_are_asked_as_they_are_kept(wanted: int, days: int, asked: int):
    """One minute for 15 days, five for 63, an hour for 455; finer ones for three hours."""
    assert period_kept(wanted, NOW - pd.Timedelta(days=days), NOW) == asked


def test_coarser_points_than_declared_make_the_pull_partial(monkeypatch: pytest.MonkeyPatch):
    """What they average away cannot be seen."""
    with Canned(GetMetricData=[{"MetricDataResults": [series(0, "10:05")]}]) as server:
        now = NOW + pd.Timedelta(days=20)
        coverage = fetched(session_at(server, monkeypatch), {"latency": metric()}, now=now).coverage
    assert (coverage.status, coverage.reason) == (Status.PARTIAL, "points so old are kept every 300 s only: latency")


def test_points_that_are_gone_are_said_to_be(monkeypatch: pytest.MonkeyPatch):
    """Nothing is kept for longer than 455 days."""
    with Canned(GetMetricData=[{"MetricDataResults": []}]) as server:
        rows = list(
            metric_points(session_at(server, monkeypatch), HOUR, {"m": metric()}, now=NOW + pd.Timedelta(days=456))
        )
    assert rows[0] == {FAULT: "CloudWatch keeps points for 455 days; 2026-03-04 is older"}


def test_no_points_are_no_fault(monkeypatch: pytest.MonkeyPatch):
    """A quiet metric is empty."""
    with Canned(GetMetricData=[{"MetricDataResults": [series(0)]}]) as server:
        assert fetched(session_at(server, monkeypatch), {"latency": metric()}).coverage.status is Status.EMPTY
