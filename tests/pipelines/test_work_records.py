"""What the CLI prints of queues and workflows, as records and frames."""

import json
from pathlib import Path

import pytest
from builders import at, window
from work_builders import history, message, put

from ddms_ops.normalize.work import executions, messages, queue_states
from ddms_ops.normalize.work_errors import error_of, fields_of, parsed
from ddms_ops.sources.base import RecordQuery
from ddms_ops.sources.files import FilesSource

HOUR = window("10:00", "11:00")
LAMBDA = {
    "requestContext": {"condition": "RetriesExhausted"},
    "responsePayload": {"errorType": "E", "errorMessage": "m"},
}
EVENTBRIDGE = {"ERROR_CODE": {"StringValue": "THROTTLED"}, "ERROR_MESSAGE": {"StringValue": "slow down"}}


def records(root: Path, topic: str) -> list[tuple]:
    """Time, kind and id of each record of a topic."""
    table = FilesSource(root).fetch_records(RecordQuery(HOUR, topic), pull=topic).table
    return [(row["timestamp"], row["kind"], row["id"]) for row in table.to_pylist()]


def test_a_message_is_named_by_its_file_and_sent_when_it_says(tmp_path: Path):
    """It is there until the export was made, so one sent before the window is in it; one without a time is too."""
    timeless = {"MessageId": "b", "Body": "x"}
    late = message("c", "x", minute=200)
    put(tmp_path, "queues/jobs-dlq.json", {"Messages": [message("a", "x", minute=30), timeless, late]})
    assert records(tmp_path, "queues") == [
        (None, "message", "jobs-dlq/b"),
        (at("08:30"), "message", "jobs-dlq/a"),
    ]


@pytest.mark.parametrize("sent", ["", "yesterday", "9" * 40, None, 1772618400000])
def test_odd_times_of_messages_lose_none(tmp_path: Path, sent: object):
    """What cannot be read as a time is none."""
    put(tmp_path, "queues/q.json", {"Messages": [{"MessageId": "a", "Attributes": {"SentTimestamp": sent}}]})
    assert [row[1:] for row in records(tmp_path, "queues")] == [("message", "q/a")]


def test_steps_before_the_window_are_kept(tmp_path: Path):
    """A state that was entered before it may be where an execution stands; events of services are of the window."""
    put(tmp_path, "workflows/run-7.json", history("A", start=110))
    put(tmp_path, "databases/events.json", {"Events": [{"Date": "2026-03-04T09:50:00Z", "Message": "x"}]})
    assert [row[1:] for row in records(tmp_path, "workflows")] == [("event", "run-7/1"), ("event", "run-7/2")]
    assert records(tmp_path, "databases") == []


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (LAMBDA, ("E", "m")),
        (EVENTBRIDGE, ("THROTTLED", "slow down")),
        ({"Type": "Notification", "Message": json.dumps({"error": "bad page"})}, ("bad page", "bad page")),
        ({"error": {"code": 7}, "id": "x"}, (None, None)),
        ("no JSON", (None, None)),
        ({"a": {"b": {"c": {"d": {"e": {"f": {"g": {"error": "too deep"}}}}}}}}, (None, None)),
    ],
)
def test_what_went_wrong_wherever_it_stands(value: object, expected: tuple):
    """The field whose name says most, the outer ones first."""
    assert error_of([value]) == expected


def test_bodies_that_cannot_be_read_are_text():
    """Half JSON, or JSON nested so deep that it cannot be read."""
    assert parsed('{"a": 1') == '{"a": 1'
    assert fields_of(parsed("[" * 100_000)) == "text"
    assert fields_of({"b": 1, "a": 2}) == "a, b"


def test_frames_have_their_columns_without_records(tmp_path: Path):
    """No rows still means all columns."""
    put(tmp_path, "queues/q.json", {"Attributes": {"ApproximateNumberOfMessages": "many"}})
    table = FilesSource(tmp_path).fetch_records(RecordQuery(HOUR, "queues"), pull="queues").table
    assert (len(messages(table, "queues")), len(executions(table, "queues"))) == (0, 0)
    assert queue_states(table, "queues")["waiting"].isna().all()
