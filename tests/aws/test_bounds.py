"""Records where AWS keeps, or we ask for, only a part: the bound is in the answer or in the reason."""

import json
from typing import Any

import pandas as pd
import pytest
from builders import at, window
from servers import Canned, Refusal, session_at

from ddms_ops.coverage import Status
from ddms_ops.deployment import Resources
from ddms_ops.sources.aws.collect import collect
from ddms_ops.sources.aws.records import records
from ddms_ops.sources.base import RECORDS, Provenance, Pull, RecordQuery
from ddms_ops.window import Window

HOUR = window("10:00", "11:00")
NOW = at("10:50")
MACHINE = {
    "name": "ship",
    "type": "STANDARD",
    "stateMachineArn": "arn:ship",
    "creationDate": at("00:00").to_pydatetime(),
}
INSTANCE = (
    "<DBInstances><DBInstance><DBInstanceIdentifier>main</DBInstanceIdentifier><DbiResourceId>db-X</DbiResourceId>"
    "<PerformanceInsightsEnabled>true</PerformanceInsightsEnabled></DBInstance></DBInstances>"
)
EVENT = "<Events><Event><Message>failover</Message><Date>{}</Date></Event></Events>"


def fetched(
    server: Canned, environment: pytest.MonkeyPatch, topic: str, *, asked: Window = HOUR, now: pd.Timestamp = NOW,
    **names: tuple[str, ...],
) -> Pull:  # fmt: skip
    """The pull of a topic from the server."""
    query = RecordQuery(asked, topic)
    rows = records(session_at(server, environment), query, Resources(**names), now=now)
    return collect(rows, query, pull=topic, schema=RECORDS, provenance=Provenance("live"))


def told(pull: Pull, kind: str) -> list[dict[str, Any]]:
    """The records of one kind."""
    return [json.loads(row["record"]) for row in pull.table.to_pylist() if row["kind"] == kind]


def run(name: str, start: str, stop: str) -> dict[str, Any]:
    """A failed execution."""
    stamps = {"startDate": at(start).to_pydatetime(), "stopDate": at(stop).to_pydatetime()}
    return {"executionArn": f"arn:{name}", "stateMachineArn": "arn:ship", "name": name, "status": "FAILED", **stamps}


def failed_runs(*runs: dict[str, Any]) -> list[Any]:
    """Answers of ListExecutions: these for FAILED, none for another state."""
    return [lambda asked: {"executions": list(runs) if asked["statusFilter"] == "FAILED" else []}]


def load(clock: str, dimensions: dict[str, str], value: float) -> dict[str, Any]:
    """An answer of GetResourceMetrics with one point."""
    points = [{"Timestamp": at(clock).to_pydatetime(), "Value": value}]
    return {"MetricList": [{"Key": {"Metric": "db.load.avg", "Dimensions": dimensions}, "DataPoints": points}]}


def test_a_queue_without_its_age_is_still_a_queue(monkeypatch: pytest.MonkeyPatch):
    """What the metric's refusal takes away is said."""
    with Canned(
        GetQueueUrl=[{"QueueUrl": "http://127.0.0.1/1/orders"}],
        GetQueueAttributes=[{"Attributes": {"ApproximateNumberOfMessages": "3"}}],
        ListDeadLetterSourceQueues=[{"queueUrls": []}],
        GetMetricData=[Refusal("AccessDeniedException")],
    ) as server:
        pull = fetched(server, monkeypatch, "queues", queues=("orders",))
    assert told(pull, "queue")[0]["attributes"] == {"ApproximateNumberOfMessages": "3"}
    assert pull.coverage.reason.startswith("age of queue orders: not allowed: cloudwatch:GetMetricData")


def test_twenty_histories_and_the_rest_is_said(monkeypatch: pytest.MonkeyPatch):
    """All executions are listed, the latest twenty are told in full."""
    runs = [run(f"r{minute}", f"10:{minute:02}", f"10:{minute + 1:02}") for minute in range(25)][::-1]
    with Canned(
        ListStateMachines=[{"stateMachines": [MACHINE]}],
        ListExecutions=failed_runs(*runs),
        GetExecutionHistory=[{"events": [], "nextToken": "more"}],
    ) as server:
        pull = fetched(server, monkeypatch, "workflows", state_machines=("ship",))
    assert len(told(pull, "execution")) == 25
    assert told(pull, "execution_history") == [{"events": [], "earlierEventsLeftOut": True}] * 20
    assert pull.coverage.reason == "state machine ship: histories of the latest 20 of 25 failed executions"
    assert {asked["includeExecutionData"] for asked in server.parameters("GetExecutionHistory")} == {False}


def test_executions_overlap_the_window(monkeypatch: pytest.MonkeyPatch):
    """One that ended before it or began after it is left out; its time is its end, if that is inside."""
    runs = [
        run("after", "11:00", "11:01"),
        run("out", "10:50", "11:30"),
        run("in", "09:00", "10:10"),
        run("old", "08:00", "09:59"),
    ]
    with Canned(
        ListStateMachines=[{"stateMachines": [MACHINE]}],
        ListExecutions=failed_runs(*runs),
        GetExecutionHistory=[{"events": []}],
    ) as server:
        table = fetched(server, monkeypatch, "workflows", state_machines=("ship",)).table
    times = {row["id"]: row["timestamp"] for row in table.to_pylist() if row["kind"] == "execution"}
    assert times == {"arn:in": at("10:10"), "arn:out": at("10:50")}


def test_a_history_keeps_its_cause_and_loses_its_payload(monkeypatch: pytest.MonkeyPatch):
    """Error and cause of a failed state stay; parameters of a task do not."""
    event = {"id": 1, "type": "TaskFailed", "timestamp": at("10:05").to_pydatetime()}
    failed = {**event, "taskFailedEventDetails": {"resourceType": "lambda", "resource": "invoke", "cause": "no stock"}}
    details = {"resourceType": "lambda", "resource": "invoke", "region": "us-east-1", "parameters": "{card}"}
    scheduled = {**event, "type": "TaskScheduled", "taskScheduledEventDetails": details}
    with Canned(
        ListStateMachines=[{"stateMachines": [MACHINE]}],
        ListExecutions=failed_runs(run("r", "10:00", "10:05")),
        GetExecutionHistory=[{"events": [failed, scheduled]}],
    ) as server:
        pull = fetched(server, monkeypatch, "workflows", state_machines=("ship",))
    [history] = told(pull, "execution_history")
    assert history["events"][0]["taskFailedEventDetails"]["cause"] == "no stock"
    assert "card" not in str(pull.table.to_pylist())


def test_an_express_machine_lists_no_executions(monkeypatch: pytest.MonkeyPatch):
    """Where to look instead is said."""
    with Canned(ListStateMachines=[{"stateMachines": [{**MACHINE, "type": "EXPRESS"}]}]) as server:
        coverage = fetched(server, monkeypatch, "workflows", state_machines=("ship",)).coverage
    assert "its log group tells of them" in coverage.reason


def test_stopped_tasks_tell_why(monkeypatch: pytest.MonkeyPatch):
    """Reason and exit code, not what they were started with."""
    task = {
        "taskArn": "arn:t", "stoppedReason": "OutOfMemoryError", "stoppedAt": at("10:20").to_pydatetime(),
        "containers": [{"name": "web", "exitCode": 137}],
        "overrides": {"containerOverrides": [{"environment": [{"name": "A", "value": "hunter2"}]}]},
    }  # fmt: skip
    events = [{"id": clock, "createdAt": at(clock).to_pydatetime(), "message": "m"} for clock in ("09:30", "10:30")]
    service = {"serviceName": "web", "taskDefinition": "web:1", "deployments": [], "events": events}
    with Canned(
        DescribeServices=[{"services": [service]}],
        DescribeTaskDefinition=[{"taskDefinition": {"family": "web", "revision": 1}}],
        ListTasks=[{"taskArns": ["arn:t"]}],
        DescribeTasks=[{"tasks": [task]}],
    ) as server:
        pull = fetched(server, monkeypatch, "containers", services=("shop/web",))
    assert [(one["stoppedReason"], one["containers"][0]["exitCode"]) for one in told(pull, "stopped_task")] == [
        ("OutOfMemoryError", 137)
    ]
    assert [one["id"] for one in told(pull, "service_event")] == ["10:30"]
    assert "hunter2" not in str(pull.table.to_pylist())
    assert pull.coverage.status is Status.COMPLETE


def test_what_ecs_forgets_is_said(monkeypatch: pytest.MonkeyPatch):
    """A hundred events, and an hour of stopped tasks."""
    events = [{"id": str(n), "createdAt": at(f"10:30:{n % 60:02}").to_pydatetime()} for n in range(100)]
    service = {"serviceName": "web", "taskDefinition": "web:1", "events": events}
    with Canned(
        DescribeServices=[{"services": [service]}],
        DescribeTaskDefinition=[{"taskDefinition": {"family": "web", "revision": 1}}],
        ListTasks=[{"taskArns": []}],
    ) as server:
        reason = fetched(server, monkeypatch, "containers", services=("shop/web",), now=at("12:00")).coverage.reason
    assert "those before 2026-03-04T10:30:00Z are gone" in reason
    assert "ECS keeps stopped tasks for an hour only" in reason


def test_events_and_load_of_a_database(monkeypatch: pytest.MonkeyPatch):
    """Events of the window; load by wait event and by statement, one row a point."""
    wait, statement = {"db.wait_event.name": "Lock:tuple"}, {"db.sql_tokenized.statement": "SELECT ?"}
    with Canned(
        DescribeDBInstances=[INSTANCE],
        DescribeEvents=[EVENT.format("2026-03-04T10:07:00Z")],
        GetResourceMetrics=[load("10:05", wait, 4.5), load("10:06", statement, 3.5)],
    ) as server:
        pull = fetched(server, monkeypatch, "databases", databases=("main",))
    assert [event["Message"] for event in told(pull, "db_event")] == ["failover"]
    points = [(point["dimensions"], point["value"]) for point in told(pull, "db_load")]
    assert points == [(wait, 4.5), (statement, 3.5)]
    assert {asked["Identifier"] for asked in server.parameters("GetResourceMetrics")} == {"db-X"}
    assert pull.coverage.status is Status.COMPLETE


def test_load_that_is_not_allowed_loses_nothing_else(monkeypatch: pytest.MonkeyPatch):
    """The instance and its events are there; the action to add is named."""
    with Canned(
        DescribeDBInstances=[INSTANCE],
        DescribeEvents=[EVENT.format("2026-03-04T10:07:00Z")],
        GetResourceMetrics=[Refusal("NotAuthorizedException"), Refusal("AccessDeniedException")],
    ) as server:
        pull = fetched(server, monkeypatch, "databases", databases=("main",))
    assert sorted(set(pull.table["kind"].to_pylist())) == ["db_event", "db_instance"]
    assert "database main: load by db.sql_tokenized: not allowed: pi:GetResourceMetrics" in pull.coverage.reason


def test_events_older_than_14_days_are_said(monkeypatch: pytest.MonkeyPatch):
    """RDS and Performance Insights each keep their own time."""
    with Canned(DescribeDBInstances=[INSTANCE], GetResourceMetrics=[{"MetricList": []}]) as server:
        now = NOW + pd.Timedelta(days=15)
        reason = fetched(server, monkeypatch, "databases", databases=("main",), now=now).coverage.reason
    assert "RDS keeps events for 14 days; 2026-03-04 is older" in reason
    assert "Performance Insights keeps 7 days" in reason
    assert server.parameters("DescribeEvents") == []


def test_ended_credentials_end_the_pull(monkeypatch: pytest.MonkeyPatch):
    """The other names are not tried; what to do is said once."""
    with Canned(DescribeTable=[Refusal("ExpiredTokenException")]) as server:
        coverage = fetched(server, monkeypatch, "tables", tables=("a", "b", "c")).coverage
    assert len(server.asked) == 1
    assert coverage.reason.count("refresh your credentials") == 1
