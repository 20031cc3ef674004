"""What the AWS CLI prints of queues, workflows and the like: states are kept, events are of the window."""

import json
from pathlib import Path

import pytest
from builders import at, window

from ddms_ops.coverage import Coverage, Status
from ddms_ops.evidence import EvidenceFolder
from ddms_ops.sources.base import RECORDS, RecordQuery
from ddms_ops.sources.files import FilesSource
from ddms_ops.sources.queries import AWS_TOPICS
from ddms_ops.sources.recorded import RecordedSource
from ddms_ops.window import Window

HOUR = window("10:00", "11:00")
ARN = "arn:aws:states:us-east-1:123456789012:execution:dms:"
FLAT = {"FunctionName": "f", "Environment": {"Variables": {"PASSWORD": "hunter2"}}}


def put(root: Path, topic: str, document: object, name: str = "a.json") -> Path:
    """One file of a topic; the export's root."""
    folder = root / topic
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(document if isinstance(document, str) else json.dumps(document, indent=4))
    return root


def fetch(root: Path, topic: str, asked: Window = HOUR) -> tuple[list[dict], Coverage]:
    """Rows and coverage of a topic."""
    pull = FilesSource(root).fetch_records(RecordQuery(asked, topic), pull=topic)
    assert pull.table.schema == RECORDS
    return pull.table.to_pylist(), pull.coverage


def named(root: Path, topic: str, asked: Window = HOUR) -> list[tuple[str, str]]:
    """Kind and id of each row."""
    return [(row["kind"], row["id"]) for row in fetch(root, topic, asked)[0]]


def execution(name: str, start: str, **more: str) -> dict[str, str]:
    """One item of list-executions."""
    return {"executionArn": ARN + name, "name": name, "startDate": f"2026-03-04T{start}.000000+00:00", **more}


STATES = {
    "queues": ({"Attributes": {"ApproximateNumberOfMessages": "3"}}, ("queue", "dms-dlq")),
    "workflows": ({"stateMachines": [{"stateMachineArn": "x", "name": "dms"}]}, ("state_machine", "dms")),
    "functions": ({"Functions": [{"FunctionName": "api"}]}, ("function", "api")),
    "tables": ({"Table": {"TableName": "carts"}}, ("table", "carts")),
    "containers": ({"services": [{"serviceName": "scan"}], "failures": []}, ("service", "scan")),
    "databases": ({"DBClusters": [{"DBClusterIdentifier": "dms-cluster"}]}, ("db_cluster", "dms-cluster")),
    "apis": ({"graphqlApis": [{"name": "shop", "apiId": "1"}]}, ("graphql_api", "shop")),
}


@pytest.mark.parametrize("topic", AWS_TOPICS)
def test_each_topic_has_a_folder(tmp_path: Path, topic: str):
    """Its kind is the list's name in the singular, its id a name, or the file's where there is none."""
    document, expected = STATES[topic]
    assert named(put(tmp_path, topic, document, "dms-dlq.json"), topic) == [expected]


def test_a_record_is_the_object_with_sorted_keys(tmp_path: Path):
    """Texts as they are."""
    put(tmp_path, "queues", {"Attributes": {"b": "größer", "a": "1"}}, "q.json")
    [row] = fetch(tmp_path, "queues")[0]
    assert row == {"timestamp": None, "kind": "queue", "id": "q", "record": '{"a": "1", "b": "größer"}'}


def test_a_queue_is_named_by_its_arn(tmp_path: Path):
    """Where its attributes hold one: a file's name may end anywhere."""
    put(tmp_path, "queues", {"Attributes": {"QueueArn": "arn:aws:sqs:us-east-1:123456789012:jobs.fifo"}}, "one.json")
    assert named(tmp_path, "queues") == [("queue", "jobs.fifo")]


def test_events_of_the_window_and_those_that_reach_into_it(tmp_path: Path):
    """Half-open by the start; begun before it and ended in it, or still running, is in it too."""
    runs = [
        execution("late", "11:00:00", status="FAILED"),
        execution("in", "10:00:00", status="FAILED", stopDate="2026-03-04T10:10:00Z"),
        execution("over", "09:00:00", status="FAILED", stopDate="2026-03-04T09:59:59Z"),
        execution("into", "09:00:00", status="FAILED", stopDate="2026-03-04T10:00:00Z"),
        execution("running", "08:00:00", status="RUNNING"),
    ]
    rows, coverage = fetch(put(tmp_path, "workflows", {"executions": runs}), "workflows")
    assert [row["id"].removeprefix(ARN) for row in rows] == ["running", "into", "in"]
    assert [row["timestamp"] for row in rows] == [at("08:00"), at("09:00"), at("10:00")]
    assert coverage.status is Status.COMPLETE


def test_a_history_is_one_record_an_event(tmp_path: Path):
    """Numbered within its file; times as seconds are times too."""
    events = [{"timestamp": at("10:01").timestamp(), "type": "ExecutionStarted", "id": 1}]
    put(tmp_path, "workflows", {"events": events}, "run-7.json")
    assert named(tmp_path, "workflows") == [("event", "run-7/1")]


@pytest.mark.parametrize(
    "document",
    [
        FLAT,
        {"Configuration": FLAT, "Code": {"Location": "https://…"}},
        {"Functions": [FLAT]},
        {"taskDefinition": {"containerDefinitions": [{"environment": [{"name": "PASSWORD", "value": "hunter2"}]}]}},
        {"item": [{"stageName": "prod", "variables": {"PASSWORD": "hunter2"}}]},
    ],
)
def test_the_value_of_an_environment_variable_is_not_kept(tmp_path: Path, document: object):
    """Its name is."""
    [row] = fetch(put(tmp_path, "functions", document), "functions")[0]
    assert '["PASSWORD"]' in row["record"]
    assert "hunter2" not in row["record"]


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"executions": [execution("x", "10:00:00")], "NextToken": "abc"}, "ends in a NextToken"),
        ({"executions": [execution("x", "10:00:00")], "Marker": "abc"}, "ends in a token for more"),
        (
            {"executions": [execution("x", "10:00:00"), {"name": "y", "startDate": "?"}]},
            "1 records without a usable time",
        ),
        ({"services": [{"serviceName": "x"}], "failures": [{"arn": "y"}]}, "AWS could not tell of 1 of the names"),
        (json.dumps({"executions": [execution("x", "10:00:00")]}) + "{", "not whole JSON: 1 records read before"),
        ({"QueueUrls": ["https://sqs/x"]}, "holds no list of records, and no record"),
        ([{"name": "x"}], "is JSON, but not an object"),
        ("", "is empty"),
    ],
)
def test_damage_is_named_and_the_rest_is_kept(tmp_path: Path, document: object, words: str):
    """What can be read is read; coverage says what could not."""
    rows, coverage = fetch(put(tmp_path, "workflows", document), "workflows")
    assert coverage.reason.startswith(f"workflows/a.json {words}")
    assert coverage.status is (Status.PARTIAL if rows else Status.FAILED)


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.parquet"])
def test_files_of_another_form_are_named(tmp_path: Path, name: str):
    """They cannot be read yet, and are not passed over in silence."""
    put(tmp_path, "queues", STATES["queues"][0])
    rows, coverage = fetch(put(tmp_path, "queues", "name,size", name), "queues")
    assert len(rows) == 1
    assert (coverage.status, coverage.reason) == (Status.PARTIAL, f"queues/{name} cannot be read yet")


def test_an_absent_topic_is_not_configured(tmp_path: Path):
    """No folder is no answer."""
    rows, coverage = fetch(put(tmp_path, "queues", {"Attributes": {}}), "workflows")
    assert (rows, coverage.status, coverage.reason) == ([], Status.NOT_CONFIGURED, "no workflows/ in the export")


def test_a_case_answers_a_shorter_window(tmp_path: Path):
    """States and what reaches into it stay, events outside of it go."""
    runs = [execution("one", "10:00:00", stopDate="2026-03-04T10:01:00Z"), execution("two", "10:50:00")]
    put(tmp_path, "workflows", {"executions": runs, "stateMachines": [{"name": "dms"}]})
    pull = FilesSource(tmp_path).fetch_records(RecordQuery(HOUR, "workflows"), pull="workflows")
    EvidenceFolder(tmp_path / "evidence", tool="test").record(pull, {})
    answer = RecordedSource(tmp_path).fetch_records(RecordQuery(window("10:30", "11:00"), "workflows"), pull="x")
    assert [name.removeprefix(ARN) for name in answer.table["id"].to_pylist()] == ["dms", "two"]
    assert answer.coverage.status is Status.COMPLETE
