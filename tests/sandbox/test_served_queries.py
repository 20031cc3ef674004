"""Logs Insights of a served account, through boto3."""

import time

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from sandbox_builders import GROUP, NOON_S, event, query, rows

from ddms_ops.sandbox.server import Sandbox


def test_both_end_seconds_are_inclusive(sandbox: Sandbox, logs: BaseClient):
    """The instants at both ends belong to the range; what is after the last one does not."""
    sandbox.put_events(GROUP, [event(offset, str(offset)) for offset in (-1, 0, 999, 1000, 1001)])
    found = rows(logs, "fields @message | sort @timestamp asc", start_s=NOON_S, end_s=NOON_S + 1)
    assert [row["@message"] for row in found] == ["0", "999", "1000"]


def test_every_value_is_text(sandbox: Sandbox, logs: BaseClient):
    """Times as AWS prints them, whole numbers without a fraction; what is missing is left out."""
    sandbox.put_events(GROUP, [event(7, '{"ms": 12.50, "n": 3}'), event(8, '{"n": 4}')])
    found = rows(logs, "fields @timestamp, ms, n * 2 as twice | sort @timestamp asc")
    assert found[0] == {"@timestamp": "2026-03-04 12:00:00.007", "ms": "12.5", "twice": "6"}
    assert found[1] == {"@timestamp": "2026-03-04 12:00:00.008", "twice": "8"}


@pytest.mark.parametrize(("text", "expected"), [("fields @message", True), ("stats count(*) as n", False)])
def test_rows_that_are_events_end_in_a_pointer(sandbox: Sandbox, logs: BaseClient, text: str, expected: bool):
    """Groups of stats have none."""
    sandbox.put_events(GROUP, [event(0)])
    [row] = logs.get_query_results(queryId=query(logs, text))["results"]
    assert (row[-1]["field"] == "@ptr") is expected


def test_statistics_tell_what_was_read_and_what_matched(sandbox: Sandbox, logs: BaseClient):
    """Matched are the events that the filters let through, before any limit."""
    sandbox.put_events(GROUP, [event(0, "error a"), event(1, "error b"), event(2, "fine")])
    text = "fields @message | filter @message like /error/ | limit 1"
    found = logs.get_query_results(queryId=query(logs, text))
    told = {name: found["statistics"][name] for name in ("recordsMatched", "recordsScanned", "bytesScanned")}
    assert told == {"recordsMatched": 2, "recordsScanned": 3, "bytesScanned": 18}
    assert len(found["results"]) == 1


def test_results_come_in_pages(sandbox: Sandbox, logs: BaseClient):
    """Of at most 10,000 rows, and of fewer if asked; each row once."""
    sandbox.put_events(GROUP, [event(place, str(place)) for place in range(12_000)])
    started = query(logs, "fields @message | sort @timestamp asc | limit 100000")
    first = logs.get_query_results(queryId=started)
    second = logs.get_query_results(queryId=started, nextToken=first["nextToken"])
    assert (len(first["results"]), len(second["results"]), "nextToken" in second) == (10_000, 2_000, False)
    assert second["results"][0][0]["value"] == "10000"
    assert len(logs.get_query_results(queryId=started, maxItems=5)["results"]) == 5


def test_rows_are_limited_by_the_parameter_or_the_query(sandbox: Sandbox, logs: BaseClient):
    """The query's own limit goes first; without any there are 10,000."""
    sandbox.put_events(GROUP, [event(place) for place in range(10_001)])
    assert len(rows(logs, "fields @message", limit=3)) == 3
    assert len(rows(logs, "fields @message | limit 4", limit=3)) == 4
    assert "nextToken" not in logs.get_query_results(queryId=query(logs, "fields @message"))


@pytest.mark.parametrize("text", ["fields @message | pattern @message", "filter", "limit 100001", "stats count( by x"])
def test_a_query_that_means_nothing_is_malformed(sandbox: Sandbox, logs: BaseClient, text: str):
    """Refused when it is started."""
    sandbox.add_log_group(GROUP)
    with pytest.raises(logs.exceptions.MalformedQueryException):
        query(logs, text)


@pytest.mark.parametrize("asked", [{"logGroupNames": []}, {"logGroupNames": [GROUP] * 51}])
def test_a_query_reads_one_to_fifty_groups(sandbox: Sandbox, logs: BaseClient, asked: dict):
    """No more and no fewer."""
    sandbox.add_log_group(GROUP)
    with pytest.raises(ClientError, match="InvalidParameterException"):
        logs.start_query(startTime=0, endTime=1, queryString="fields @message", **asked)


def test_several_groups_are_told_apart(sandbox: Sandbox, logs: BaseClient):
    """By @log, which has the account's id before the name."""
    sandbox.put_events("/a", [event(0, "one")])
    sandbox.put_events("/b", [event(1, "two")])
    asked = {"logGroupNames": ["/a", "/b"], "startTime": NOON_S, "endTime": NOON_S + 1}
    started = logs.start_query(queryString="fields @log, @message | sort @timestamp asc", **asked)["queryId"]
    found = logs.get_query_results(queryId=started)["results"]
    assert [[cell["value"] for cell in row[:2]] for row in found] == [
        ["123456789012:/a", "one"],
        ["123456789012:/b", "two"],
    ]


def test_a_query_runs_for_as_long_as_told(sandbox: Sandbox, logs: BaseClient):
    """Scheduled, Running, Complete; rows come at the end only."""
    sandbox.put_events(GROUP, [event(0)])
    sandbox.query_delay_s = 0.4
    started = query(logs, "fields @message")
    first = logs.get_query_results(queryId=started)
    assert (first["status"] in ("Scheduled", "Running"), first["results"]) == (True, [])
    assert sandbox.running_queries == [started]
    time.sleep(0.45)
    last = logs.get_query_results(queryId=started)
    assert (last["status"], len(last["results"]), sandbox.running_queries) == ("Complete", 1, [])


@pytest.mark.parametrize("end", ["Failed", "Timeout"])
def test_a_query_can_end_badly(sandbox: Sandbox, logs: BaseClient, end: str):
    """Without rows."""
    sandbox.put_events(GROUP, [event(0)])
    sandbox.log_queries.end = end
    found = logs.get_query_results(queryId=query(logs, "fields @message"))
    assert (found["status"], found["results"]) == (end, [])


def test_a_stopped_query_is_cancelled(sandbox: Sandbox, logs: BaseClient):
    """At once and for good; stopping it again is refused."""
    sandbox.put_events(GROUP, [event(0)])
    sandbox.query_delay_s = 60
    started = query(logs, "fields @message")
    assert logs.stop_query(queryId=started)["success"]
    assert logs.get_query_results(queryId=started)["status"] == "Cancelled"
    assert [found["queryId"] for found in logs.describe_queries(status="Cancelled")["queries"]] == [started]
    with pytest.raises(ClientError, match="InvalidParameterException"):
        logs.stop_query(queryId=started)


def test_an_unknown_query_is_refused(logs: BaseClient):
    """With the code that AWS gives."""
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        logs.get_query_results(queryId="none")


def test_long_messages_are_cut_in_results_and_whole_by_their_pointer(sandbox: Sandbox, logs: BaseClient):
    """GetLogRecord gives what the query does not."""
    sandbox.log_queries.message_cap = 1_000
    sandbox.put_events(GROUP, [event(0, "x" * 5_000)])
    [row] = logs.get_query_results(queryId=query(logs, "fields @message"))["results"]
    cells = {cell["field"]: cell["value"] for cell in row}
    assert cells["@message"] == "x" * 1_000
    assert logs.get_log_record(logRecordPointer=cells["@ptr"])["logRecord"]["@message"] == "x" * 5_000


def test_a_pointer_stays_true_when_events_arrive(sandbox: Sandbox, logs: BaseClient):
    """Also those that are earlier."""
    sandbox.put_events(GROUP, [event(9, "mine")])
    [row] = logs.get_query_results(queryId=query(logs, "fields @message"))["results"]
    sandbox.put_events(GROUP, [event(1, "earlier")])
    assert logs.get_log_record(logRecordPointer=row[-1]["value"])["logRecord"]["@message"] == "mine"


def test_a_pointer_to_nothing_is_refused(logs: BaseClient):
    """With the code that AWS gives."""
    with pytest.raises(ClientError, match="InvalidParameterException"):
        logs.get_log_record(logRecordPointer="sandbox-7-7")
