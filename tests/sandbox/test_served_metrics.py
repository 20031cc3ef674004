"""CloudWatch metrics and alarms and CloudTrail events of a served incident, through boto3."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from sandbox_builders import GROUP, NOON_MS, client, event

from ddms_ops.profile import load_profile
from ddms_ops.sandbox.server import Sandbox

START, END = datetime(2026, 3, 4, 8, tzinfo=UTC), datetime(2026, 3, 4, 12, tzinfo=UTC)
MINUTES = 240


@pytest.fixture
def cloudwatch(incident: Sandbox) -> BaseClient:
    """CloudWatch of the incident."""
    return client(incident, "cloudwatch")


def asked(key: str, *, period: int = 60, name: str = "m1") -> dict[str, Any]:
    """A query for a metric of the profile."""
    metric = load_profile("dms", "prod").metrics[key]
    dimensions = [{"Name": size, "Value": value} for size, value in metric.dimensions.items()]
    measured = {"Namespace": metric.namespace, "MetricName": metric.name, "Dimensions": dimensions}
    return {"Id": name, "MetricStat": {"Metric": measured, "Period": period, "Stat": metric.statistic}}


def points(cloudwatch: BaseClient, *queries: dict[str, Any], **parameters: Any) -> dict[str, Any]:
    """A page of GetMetricData over the export's hours."""
    given = {"StartTime": START, "EndTime": END, **parameters}
    return dict(cloudwatch.get_metric_data(MetricDataQueries=list(queries), **given))


def exported(export: Path, key: str) -> dict[datetime, float]:
    """The points of a series in the export."""
    for path in (export / "metrics").glob("*.json"):
        for series in json.loads(path.read_text()).get("MetricDataResults", []):
            if series["Id"] == key:
                return dict(zip(map(datetime.fromisoformat, series["Timestamps"]), series["Values"], strict=True))
    raise AssertionError(key)


@pytest.mark.parametrize("key", ["api_requests", "api_p95_latency", "upload_success_rate"])
def test_points_are_those_of_the_export(cloudwatch: BaseClient, export: Path, key: str):
    """Sums, percentiles and averages, by what the profile measures."""
    [series] = points(cloudwatch, asked(key))["MetricDataResults"]
    assert series["StatusCode"] == "Complete"
    assert dict(zip(series["Timestamps"], series["Values"], strict=True)) == exported(export, key)


def test_points_of_get_metric_statistics_are_found_by_name(cloudwatch: BaseClient):
    """They carry a CloudWatch name and no key of ours."""
    [series] = points(cloudwatch, asked("api_5xx", period=3600))["MetricDataResults"]
    assert len(series["Values"]) == 4
    assert sum(series["Values"]) > 0


def test_points_come_newest_first_unless_asked(cloudwatch: BaseClient):
    """As CloudWatch does."""
    [newest] = points(cloudwatch, asked("api_requests"))["MetricDataResults"]
    [oldest] = points(cloudwatch, asked("api_requests"), ScanBy="TimestampAscending")["MetricDataResults"]
    assert newest["Timestamps"] == oldest["Timestamps"][::-1] == sorted(newest["Timestamps"], reverse=True)


def test_the_start_is_inclusive_and_the_end_is_not(cloudwatch: BaseClient):
    """Whole periods."""
    [series] = points(cloudwatch, asked("api_requests"), EndTime=datetime(2026, 3, 4, 8, 2, tzinfo=UTC))[
        "MetricDataResults"
    ]
    assert [stamp.minute for stamp in series["Timestamps"]] == [1, 0]


def test_coarser_periods_combine_the_points(cloudwatch: BaseClient, export: Path):
    """Sums are added, averages averaged."""
    [hours] = points(cloudwatch, asked("api_requests", period=3600))["MetricDataResults"]
    assert len(hours["Values"]) == 4
    assert sum(hours["Values"]) == sum(exported(export, "api_requests").values())
    [rates] = points(cloudwatch, asked("upload_success_rate", period=14_400))["MetricDataResults"]
    values = exported(export, "upload_success_rate").values()
    assert rates["Values"] == [pytest.approx(sum(values) / len(values))]


def test_points_come_in_pages(cloudwatch: BaseClient):
    """A series that goes on in the next page is PartialData until then; each point comes once."""
    queries = [asked("api_requests", name="a"), asked("queue_depth", name="b")]
    given: dict[str, list[datetime]] = {"a": [], "b": []}
    page, states = points(cloudwatch, *queries, MaxDatapoints=100), []
    while True:
        for series in page["MetricDataResults"]:
            given[series["Id"]] += series["Timestamps"]
            states.append((series["Id"], series["StatusCode"]))
        if "NextToken" not in page:
            break
        page = points(cloudwatch, *queries, MaxDatapoints=100, NextToken=page["NextToken"])
    assert {name: len(set(stamps)) for name, stamps in given.items()} == {"a": MINUTES, "b": MINUTES}
    assert len(given["a"]) + len(given["b"]) == 2 * MINUTES
    assert [state for name, state in states if name == "a"] == ["PartialData", "PartialData", "Complete"]


def test_a_metric_that_nobody_has_is_an_empty_series(cloudwatch: BaseClient):
    """And no error."""
    query = asked("api_requests")
    query["MetricStat"]["Metric"]["Namespace"] = "Nobody"
    [series] = points(cloudwatch, query)["MetricDataResults"]
    assert (series["Values"], series["StatusCode"]) == ([], "Complete")


def test_metric_math_is_refused(cloudwatch: BaseClient):
    """Rather than answered wrongly."""
    with pytest.raises(ClientError, match="ValidationError"):
        points(cloudwatch, {"Id": "e1", "Expression": "m1 / m2"})


def test_log_groups_tell_what_they_take_in(sandbox: Sandbox):
    """IncomingBytes: messages and 26 bytes an event."""
    sandbox.put_events(GROUP, [event(0, "abcd"), event(61_000, "ef")])
    sizes = [{"Name": "LogGroupName", "Value": GROUP}]
    metric = {"Namespace": "AWS/Logs", "MetricName": "IncomingBytes", "Dimensions": sizes}
    query = {"Id": "m1", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}}
    noon = datetime.fromtimestamp(NOON_MS / 1000, UTC)
    cloudwatch = client(sandbox, "cloudwatch")
    [series] = points(cloudwatch, query, StartTime=noon, EndTime=noon.replace(hour=13))["MetricDataResults"]
    assert series["Values"] == [28, 30]
    assert cloudwatch.list_metrics(Namespace="AWS/Logs")["Metrics"][0]["Dimensions"] == sizes


def test_metrics_with_points_are_listed(cloudwatch: BaseClient):
    """By namespace, name and dimension."""
    [found] = cloudwatch.list_metrics(Namespace="AWS/ApiGateway", MetricName="Latency")["Metrics"]
    assert found["Dimensions"] == [{"Name": "ApiName", "Value": "dms-api-prod"}]
    assert cloudwatch.list_metrics(Dimensions=[{"Name": "ApiName", "Value": "other"}])["Metrics"] == []


def test_alarm_history_is_that_of_the_export(cloudwatch: BaseClient, export: Path):
    """Every item, newest first, in pages."""
    items = json.loads((export / "alarms/alarm-history.json").read_text())["AlarmHistoryItems"]
    paginator = cloudwatch.get_paginator("describe_alarm_history")
    pages = list(paginator.paginate(PaginationConfig={"PageSize": 1}))
    found = [item for page in pages for item in page["AlarmHistoryItems"]]
    assert [item["HistoryData"] for item in found] == [
        item["HistoryData"] for item in sorted(items, key=lambda item: item["Timestamp"], reverse=True)
    ]
    late = cloudwatch.describe_alarm_history(StartDate=END)["AlarmHistoryItems"]
    assert late == []


def test_alarms_stand_where_their_history_left_them(cloudwatch: BaseClient):
    """In the state of the last change."""
    alarms = cloudwatch.describe_alarms(AlarmNamePrefix="dms-")["MetricAlarms"]
    history = cloudwatch.describe_alarm_history(ScanBy="TimestampAscending")["AlarmHistoryItems"]
    last = {item["AlarmName"]: json.loads(item["HistoryData"])["newState"]["stateValue"] for item in history}
    assert {alarm["AlarmName"]: alarm["StateValue"] for alarm in alarms} == last


def test_trail_events_come_newest_first_fifty_a_page(incident: Sandbox):
    """Each with its whole record."""
    paginator = client(incident, "cloudtrail").get_paginator("lookup_events")
    pages = list(paginator.paginate(StartTime=START, EndTime=END))
    stamps = [found["EventTime"] for page in pages for found in page["Events"]]
    assert stamps == sorted(stamps, reverse=True)
    assert max(len(page["Events"]) for page in pages) <= 50
    first = pages[0]["Events"][0]
    record = json.loads(first["CloudTrailEvent"])
    assert (record["eventID"], record["eventName"]) == (first["EventId"], first["EventName"])


def test_trail_events_are_looked_up_by_one_attribute(incident: Sandbox):
    """Writes only, for example."""
    cloudtrail = client(incident, "cloudtrail")
    writes = [{"AttributeKey": "ReadOnly", "AttributeValue": "false"}]
    found = cloudtrail.lookup_events(LookupAttributes=writes)["Events"]
    assert {each["ReadOnly"] for each in found} == {"false"}
    with pytest.raises(ClientError, match="InvalidLookupAttributesException"):
        cloudtrail.lookup_events(LookupAttributes=writes * 2)
