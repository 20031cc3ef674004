"""Changes and alarms: what happened in the window, and how far back AWS can tell."""

import json

import boto3
import pandas as pd
import pytest
from builders import at, window
from servers import Canned, Refusal, session_at

from ddms_ops.coverage import Status
from ddms_ops.sources.aws.alarms import alarm_changes, alarm_states
from ddms_ops.sources.aws.collect import collect
from ddms_ops.sources.aws.session import AwsSession
from ddms_ops.sources.aws.trail import trail_changes
from ddms_ops.sources.base import ALARM_CHANGES, CHANGE_RECORDS, AlarmQuery, ChangeQuery, Provenance, Pull
from ddms_ops.sources.json_files import FAULT

HOUR = window("10:00", "11:00")
NOW = at("12:00")


def event(clock: str, name: str, text: str | None = None) -> dict:
    """One event of LookupEvents."""
    record = {"eventTime": at(clock).isoformat(), "eventID": name, "eventName": name, "readOnly": False}
    stamp = at(clock).to_pydatetime()
    return {"EventId": name, "EventName": name, "EventTime": stamp, "CloudTrailEvent": text or json.dumps(record)}


def changes(session: AwsSession, *, now: pd.Timestamp = NOW) -> Pull:
    """The pull of changes."""
    rows = trail_changes(session, HOUR, now=now)
    return collect(rows, ChangeQuery(HOUR), pull="changes", schema=CHANGE_RECORDS, provenance=Provenance("live"))


def test_changes_are_whole_records(monkeypatch: pytest.MonkeyPatch):
    """Every page, oldest first, in the window; only calls that write are asked for."""
    pages = [
        {"Events": [event("10:40", "b")], "NextToken": "t"},
        {"Events": [event("10:20", "a"), event("11:00", "c")]},
    ]
    with Canned(LookupEvents=pages) as server:
        table = changes(session_at(server, monkeypatch)).table
    assert table["name"].to_pylist() == ["a", "b"]
    assert json.loads(table["record"][0].as_py())["eventID"] == "a"
    assert server.asked[0][1]["LookupAttributes"] == [{"AttributeKey": "ReadOnly", "AttributeValue": "false"}]


def test_a_damaged_record_keeps_its_name(monkeypatch: pytest.MonkeyPatch):
    """One event that is not JSON loses no other, and is said."""
    with Canned(LookupEvents=[{"Events": [event("10:20", "a", "{half"), event("10:30", "b")]}]) as server:
        pull = changes(session_at(server, monkeypatch))
    assert pull.table["name"].to_pylist() == ["a", "b"]
    assert pull.coverage.reason == "event a is not whole JSON; its name and time are kept"


def test_90_days_are_said(monkeypatch: pytest.MonkeyPatch):
    """An older window is not asked for, and the way out is named."""
    with Canned() as server:
        coverage = changes(session_at(server, monkeypatch), now=NOW + pd.Timedelta(days=91)).coverage
    assert coverage.status is Status.FAILED
    assert coverage.reason.endswith("2026-03-04 is older; name athena.trail in the profile")
    assert server.asked == []


@pytest.mark.parametrize(
    ("code", "status", "words"),
    [
        ("AccessDeniedException", Status.NO_PERMISSION, "not allowed: cloudtrail:LookupEvents"),
        ("ExpiredTokenException", Status.FAILED, "refresh your credentials"),
        ("InvalidTimeRangeException", Status.FAILED, "cloudtrail LookupEvents failed: InvalidTimeRangeException (400)"),
    ],
)
def test_a_refusal_is_said_in_our_words(code: str, status: Status, words: str, monkeypatch: pytest.MonkeyPatch):
    """What the service wrote is not repeated."""
    with Canned(LookupEvents=[Refusal(code)]) as server:
        coverage = changes(session_at(server, monkeypatch)).coverage
    assert coverage.status is status
    assert words in coverage.reason
    assert "SECRET-WORDS" not in coverage.reason


def test_what_came_before_a_refusal_is_kept(monkeypatch: pytest.MonkeyPatch):
    """A token that expires half-way makes the pull partial."""
    page = {"Events": [event("10:20", "a")], "NextToken": "t"}
    with Canned(LookupEvents=[page, Refusal("ExpiredTokenException")]) as server:
        pull = changes(session_at(server, monkeypatch))
    assert (pull.table.num_rows, pull.coverage.status) == (1, Status.PARTIAL)


def test_alarm_history_of_every_kind(monkeypatch: pytest.MonkeyPatch):
    """Composite alarms too, page by page."""
    item = {"AlarmName": "a", "HistoryItemType": "StateUpdate", "HistorySummary": "s", "HistoryData": "{}"}
    pages = [
        {"AlarmHistoryItems": [{**item, "Timestamp": at("10:05").to_pydatetime()}], "NextToken": "t"},
        {"AlarmHistoryItems": [{**item, "Timestamp": at("10:06").to_pydatetime(), "HistoryItemType": "Action"}]},
    ]
    with Canned(DescribeAlarmHistory=pages) as server:
        rows = alarm_changes(session_at(server, monkeypatch), HOUR, now=NOW)
        provenance = Provenance("live")
        table = collect(rows, AlarmQuery(HOUR), pull="alarms", schema=ALARM_CHANGES, provenance=provenance).table
    assert table["type"].to_pylist() == ["StateUpdate", "Action"]
    assert table["timestamp"].to_pylist() == [at("10:05"), at("10:06")]
    assert server.asked[0][1]["AlarmTypes"] == ["MetricAlarm", "CompositeAlarm"]


def test_30_days_of_alarm_history_are_said(monkeypatch: pytest.MonkeyPatch):
    """An older window is partial."""
    with Canned(DescribeAlarmHistory=[{"AlarmHistoryItems": []}]) as server:
        now = NOW + pd.Timedelta(days=31)
        [row] = alarm_changes(session_at(server, monkeypatch), HOUR, now=now)
    assert row == {FAULT: "CloudWatch keeps alarm history for 30 days; 2026-03-04 is older"}


def test_alarm_states_by_prefix(aws: AwsSession):
    """Only alarms whose name begins so."""
    for name in ("shop-errors", "other-errors"):
        boto3.client("cloudwatch").put_metric_alarm(
            AlarmName=name, Namespace="App", MetricName="Errors", Statistic="Sum", Period=60, EvaluationPeriods=1,
            Threshold=1, ComparisonOperator="GreaterThanThreshold",
        )  # fmt: skip
    assert [alarm["AlarmName"] for alarm in alarm_states(aws, "shop-")] == ["shop-errors"]
