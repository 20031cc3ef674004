"""The server: who is who, what goes to moto, which protocols are spoken."""

import threading
import urllib.error
from pathlib import Path

import boto3
import cbor2
import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from sandbox_builders import GROUP, client, event, posted

from ddms_ops.errors import SourceError
from ddms_ops.sandbox.server import Sandbox


def test_the_environment_leads_boto3_here(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch):
    """Without a word about it in the code that calls."""
    for name, value in sandbox.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    assert boto3.Session().client("sts").get_caller_identity()["Account"] == "123456789012"
    assert sandbox.calls.operations() == {("sts", "GetCallerIdentity")}


def test_account_and_region_are_as_given():
    """In ARNs and in the caller's identity, moto's too."""
    with Sandbox(account="111111111111", region="eu-west-1") as sandbox:
        sandbox.add_log_group(GROUP)
        assert client(sandbox, "sts").get_caller_identity()["Arn"] == "arn:aws:iam::111111111111:user/sandbox"
        [group] = client(sandbox, "logs").describe_log_groups()["logGroups"]
        assert group["arn"].startswith("arn:aws:logs:eu-west-1:111111111111:")
        assert "/111111111111/" in client(sandbox, "sqs").create_queue(QueueName="q")["QueueUrl"]


def test_other_services_are_motos(sandbox: Sandbox):
    """Made with boto3, read with boto3, recorded like the rest."""
    queues = client(sandbox, "sqs")
    url = queues.create_queue(QueueName="jobs", Attributes={"VisibilityTimeout": "45"})["QueueUrl"]
    attributes = queues.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert attributes["VisibilityTimeout"] == "45"
    files = client(sandbox, "s3")
    files.create_bucket(Bucket="bucket")
    files.put_object(Bucket="bucket", Key="a/b", Body=b"text")
    assert files.get_object(Bucket="bucket", Key="a/b")["Body"].read() == b"text"
    assert client(sandbox, "rds").describe_db_instances()["DBInstances"] == []
    assert {("sqs", "GetQueueAttributes"), ("s3", "GetObject"), ("rds", "DescribeDBInstances")} <= (
        sandbox.calls.operations()
    )


def test_moto_forgets_when_a_sandbox_ends():
    """Two in a row do not see each other's resources."""
    with Sandbox() as sandbox:
        client(sandbox, "sqs").create_queue(QueueName="jobs")
    with Sandbox() as sandbox:
        assert "QueueUrls" not in client(sandbox, "sqs").list_queues()


def test_an_error_of_moto_is_the_services_own(sandbox: Sandbox):
    """With its code and status."""
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        client(sandbox, "dynamodb").describe_table(TableName="none")


def test_what_is_not_known_of_our_services_is_refused(logs: BaseClient):
    """Rather than answered by moto, whose logs are others."""
    with pytest.raises(ClientError, match="UnknownOperationException"):
        logs.create_log_group(logGroupName=GROUP)


def test_cloudwatch_speaks_cbor(sandbox: Sandbox):
    """Answers and refusals come in the protocol of the request."""
    sandbox.put_events(GROUP, [event(0)])
    path = "/service/GraniteServiceVersion20100801/operation/"
    body = cbor2.dumps({"Namespace": "AWS/Logs"})
    found = cbor2.loads(posted(sandbox, path + "ListMetrics", "monitoring", body))
    assert found["Metrics"][0]["Dimensions"] == [{"Name": "LogGroupName", "Value": GROUP}]
    with pytest.raises(urllib.error.HTTPError) as refused:
        posted(sandbox, path + "GetMetricData", "monitoring", cbor2.dumps({}))
    with refused.value as answer:
        assert cbor2.loads(answer.read())["__type"] == "ValidationError"


def test_cloudwatch_speaks_query_xml(sandbox: Sandbox):
    """As older clients do."""
    sandbox.put_events(GROUP, [event(0)])
    body = b"Action=ListMetrics&Version=2010-08-01&Namespace=AWS%2FLogs"
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    assert f"<Value>{GROUP}</Value>".encode() in posted(sandbox, "/", "monitoring", body, **kind)


def test_a_body_that_is_no_json_is_refused(sandbox: Sandbox):
    """And the server goes on."""
    with pytest.raises(urllib.error.HTTPError) as refused:
        posted(sandbox, "/", "logs", b"{", **{"X-Amz-Target": "Logs_20140328.DescribeLogGroups"})
    refused.value.close()
    assert client(sandbox, "logs").describe_log_groups()["logGroups"] == []


def test_nothing_is_printed(logs: BaseClient, capfd: pytest.CaptureFixture[str]):
    """Neither requests nor refusals."""
    logs.describe_log_groups()
    with pytest.raises(ClientError):
        logs.filter_log_events(logGroupName=GROUP)
    assert capfd.readouterr() == ("", "")


def test_many_clients_are_served_at_once(sandbox: Sandbox, logs: BaseClient):
    """Each gets all events."""
    sandbox.put_events(GROUP, [event(place) for place in range(3_000)])
    counts: list[int] = []

    def count() -> None:
        counts.append(len(logs.filter_log_events(logGroupName=GROUP)["events"]))

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts == [3_000] * 8


def test_what_is_no_export_is_refused(tmp_path: Path):
    """Before anything is served."""
    with pytest.raises(SourceError), Sandbox(tmp_path):
        pass


def test_there_is_no_url_before_it_serves():
    """Nor after a mistake in using it."""
    with pytest.raises(RuntimeError, match="with"):
        _ = Sandbox().url
