"""What a sandbox can do to a call, and what it keeps of it."""

import http.client
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError
from sandbox_builders import GROUP, client, event, posted

from ddms_ops.errors import BadInput
from ddms_ops.sandbox.faults import Delay, Drop, Error, Stall
from ddms_ops.sandbox.quotas import Quotas
from ddms_ops.sandbox.recorder import UNANSWERED
from ddms_ops.sandbox.refusal import Refusal
from ddms_ops.sandbox.server import Sandbox

OPERATION = ("logs", "DescribeLogGroups")


def code_of(call: Callable[..., Any], **parameters: Any) -> str:
    """The error code that a call is answered with, empty for none."""
    try:
        call(**parameters)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


def test_faults_are_met_in_order_and_used_up(sandbox: Sandbox, logs: BaseClient):
    """After so many calls, so many times."""
    sandbox.faults.add(*OPERATION, Error("First"), after=1, times=2)
    sandbox.faults.add(*OPERATION, Error("Second"))
    assert [code_of(logs.describe_log_groups) for _ in range(5)] == ["", "First", "First", "Second", ""]


@pytest.mark.parametrize(
    ("service", "operation", "method", "parameters"),
    [
        ("logs", "DescribeLogGroups", "describe_log_groups", {}),
        ("cloudwatch", "ListMetrics", "list_metrics", {}),
        ("sts", "GetCallerIdentity", "get_caller_identity", {}),
        ("rds", "DescribeDBInstances", "describe_db_instances", {}),
        ("sqs", "ListQueues", "list_queues", {}),
        ("lambda", "ListAliases", "list_aliases", {"FunctionName": "f"}),
        ("apigateway", "GetStages", "get_stages", {"restApiId": "x"}),
        ("s3", "ListObjectsV2", "list_objects_v2", {"Bucket": "b"}),
        ("s3", "GetObject", "get_object", {"Bucket": "b", "Key": "a/b"}),
    ],
)
def test_every_protocol_can_be_refused(
    sandbox: Sandbox, service: str, operation: str, method: str, parameters: dict[str, str]
):
    """JSON, query XML, REST; the code and the status are those asked for."""
    sandbox.faults.add(service, operation, Error("AccessDenied", status=403))
    with pytest.raises(ClientError) as refused:
        getattr(client(sandbox, service), method)(**parameters)
    assert refused.value.response["Error"]["Code"] == "AccessDenied"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert sandbox.calls.count(service, operation, code="AccessDenied") == 1


def test_a_connection_can_be_dropped(sandbox: Sandbox, logs: BaseClient):
    """Before the answer; the call after it is answered."""
    sandbox.add_log_group(GROUP)
    sandbox.faults.add(*OPERATION, Drop())
    with pytest.raises(ConnectionClosedError):
        logs.describe_log_groups()
    assert len(logs.describe_log_groups()["logGroups"]) == 1
    assert [call.status for call in sandbox.calls.all] == [UNANSWERED, 200]


def test_a_connection_can_be_dropped_within_an_answer(sandbox: Sandbox):
    """Fewer bytes come than its headers say."""
    sandbox.faults.add(*OPERATION, Drop(half_way=True))
    with pytest.raises(http.client.IncompleteRead):
        posted(sandbox, "/", "logs", b"{}", **{"X-Amz-Target": "Logs_20140328.DescribeLogGroups"})


def test_an_answer_can_stall(sandbox: Sandbox):
    """Its headers come, and nothing else, until the client gives up."""
    sandbox.faults.add(*OPERATION, Stall())
    with pytest.raises(ReadTimeoutError):
        client(sandbox, "logs", read_timeout=0.3).describe_log_groups()


def test_an_answer_can_be_late(sandbox: Sandbox, logs: BaseClient):
    """By the seconds asked for."""
    sandbox.faults.add(*OPERATION, Delay(0.3))
    began = time.monotonic()
    logs.describe_log_groups()
    assert time.monotonic() - began >= 0.3


def test_an_answer_can_be_given_or_made(sandbox: Sandbox, logs: BaseClient):
    """Word for word, or out of what was asked."""
    sandbox.faults.add(*OPERATION, {"logGroups": [{"logGroupName": "given"}]})
    sandbox.faults.add(*OPERATION, lambda asked: {"logGroups": [{"logGroupName": asked["logGroupNamePrefix"]}]})
    names = [logs.describe_log_groups(logGroupNamePrefix="made")["logGroups"][0]["logGroupName"] for _ in range(2)]
    assert names == ["given", "made"]


def test_an_answer_that_aws_would_not_give_is_refused(sandbox: Sandbox):
    """When it is set: an unknown member, a wrong type, an unknown operation."""
    with pytest.raises(BadInput, match="have no groups"):
        sandbox.faults.add(*OPERATION, {"groups": []})
    with pytest.raises(BadInput, match="ResultsByTime"):
        sandbox.canned["ce", "GetCostAndUsage"] = {"ResultsByTime": "none"}
    with pytest.raises(BadInput, match="no operation GetCosts"):
        sandbox.canned["ce", "GetCosts"] = {}


def test_costs_and_database_load_are_canned(sandbox: Sandbox):
    """Nothing until a test says otherwise."""
    period = {"Start": "2026-03-04", "End": "2026-03-05"}
    asked = {"TimePeriod": period, "Granularity": "DAILY", "Metrics": ["UnblendedCost"]}
    costs = client(sandbox, "ce")
    assert costs.get_cost_and_usage(**asked)["ResultsByTime"] == []
    day = {"TimePeriod": asked["TimePeriod"], "Estimated": True}
    sandbox.canned["ce", "GetCostAndUsage"] = {"ResultsByTime": [day]}
    assert costs.get_cost_and_usage(**asked)["ResultsByTime"] == [day]
    load = {"ServiceType": "RDS", "Identifier": "db-X", "StartTime": 0, "EndTime": 60}
    queries = [{"Metric": "db.load.avg"}]
    assert client(sandbox, "pi").get_resource_metrics(**load, MetricQueries=queries)["MetricList"] == []


def test_calls_above_the_quota_are_throttled():
    """A second's worth goes through at once; the rest is refused, and counted."""
    with Sandbox(quotas=True) as sandbox:
        sandbox.put_events(GROUP, [event(0)])
        logs = client(sandbox, "logs")
        codes = [code_of(logs.filter_log_events, logGroupName=GROUP) for _ in range(25)]
        assert codes[:10] == [""] * 10
        assert sandbox.calls.count("logs", "FilterLogEvents") == 25
        assert sandbox.calls.count("logs", "FilterLogEvents", code="ThrottlingException") == codes[10:].count(
            "ThrottlingException"
        )
        assert "ThrottlingException" in codes


def test_a_quota_refills_by_the_clock():
    """LookupEvents: two at once, then one each half second."""
    now = [0.0]
    quotas = Quotas(clock=lambda: now[0])
    quotas.spend("cloudtrail", "LookupEvents")
    quotas.spend("cloudtrail", "LookupEvents")
    with pytest.raises(Refusal):
        quotas.spend("cloudtrail", "LookupEvents")
    now[0] = 0.5
    quotas.spend("cloudtrail", "LookupEvents")
    quotas.spend("sqs", "ListQueues")


def test_faults_and_calls_are_counted_across_threads(sandbox: Sandbox, logs: BaseClient):
    """Each call meets one fault and is kept once."""
    sandbox.faults.add(*OPERATION, Error("Chosen"), times=5)
    codes: list[str] = []
    threads = [
        threading.Thread(target=lambda: codes.extend(code_of(logs.describe_log_groups) for _ in range(5)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes.count("Chosen") == 5
    assert sandbox.calls.count(*OPERATION) == 20
