"""The runbook's queries in its words, and AWS's published samples."""

import json

import duckdb
import pandas as pd
import pyarrow as pa
import pytest
from insights_builders import at, events, records, rows

from ddms_ops.insights import parse, run_query, with_values

REQUESTS = events(
    '10:00 {"level":"info","path":"/a","method":"GET","duration":1500,"tenantId":"t1","userId":"u1"}',
    '10:01 {"level":"error","error":"E1","requestId":"r2","path":"/b","method":"PUT","duration":900,"tenantId":"t2"}',
    '10:02 {"level":"info","path":"/a","method":"GET","duration":2500.5,"tenantId":"t2","userId":"u2"}',
    "10:03 START not json",
)
DOCUMENTS = events(
    '10:00 {"action":"view","documentId":"d1","tenantId":"t1","status":"FAILED","jobType":"ocr","attempts":3}',
    '10:01 {"action":"edit","documentId":"d2","tenantId":"t1","status":"DONE"}',
    '10:02 {"action":"view","documentId":"d3","tenantId":"t2","status":"FAILED","errorMessage":"no"}',
    '10:03 {"action":"view","documentId":"d4","tenantId":"t1"}',
)


def test_runbook_recent_errors():
    """Errors, newest first."""
    query = """fields @timestamp, @message, level, error, requestId, tenantId
| filter level = "error"
| sort @timestamp desc
| limit 100"""
    [row] = rows(query, REQUESTS)
    assert (row[0], *row[2:]) == (at("10:01"), "error", "E1", "r2", "t2")


def test_runbook_slow_requests():
    """Over a second, slowest first."""
    query = """fields @timestamp, path, method, duration, tenantId, userId
| filter duration > 1000
| sort duration desc
| limit 50"""
    assert rows(query, REQUESTS) == [
        (at("10:02"), "/a", "GET", "2500.5", "t2", "u2"),
        (at("10:00"), "/a", "GET", "1500", "t1", "u1"),
    ]


def test_runbook_failed_jobs():
    """Failed jobs, newest first; fields they lack are missing."""
    query = """fields @timestamp, documentId, jobType, errorMessage, attempts
| filter status = "FAILED"
| sort @timestamp desc
| limit 100"""
    assert rows(query, DOCUMENTS) == [(at("10:02"), "d3", None, "no", None), (at("10:00"), "d1", "ocr", None, "3")]


def test_runbook_actions_of_a_tenant():
    """The tenant is put in the placeholder's place."""
    query = """fields @timestamp, action, documentId, userId
| filter tenantId = "TENANT_ID_HERE"
| stats count() by action"""
    frame = run_query(with_values(parse(query), {"TENANT_ID_HERE": "t1"}), DOCUMENTS)
    assert frame.equals(pd.DataFrame({"action": pd.Series(["edit", "view"], dtype="str"), "count()": [1, 2]}))


def test_runbook_most_frequent_errors():
    """`sort count` is the column count()."""
    query = """fields @timestamp, @message
| filter level = "error"
| stats count() by @message
| sort count desc
| limit 20"""
    rare, often = ('{"level":"error","n":1}', '{"level":"error","n":2}')
    assert rows(query, events(f"10:00 {rare}", f"10:01 {often}", f"10:02 {often}")) == [(often, 2), (rare, 1)]


def test_runbook_latency_by_path():
    """`sort avg(duration)` is the column of that name; a message without fields is a group of its own."""
    query = """fields path, method, duration
| stats avg(duration), max(duration), count() by path, method
| sort avg(duration) desc"""
    frame = run_query(query, REQUESTS)
    assert list(frame.columns) == ["path", "method", "avg(duration)", "max(duration)", "count()"]
    assert [str(dtype) for dtype in frame.dtypes] == ["str", "str", "float64", "float64", "int64"]
    assert rows(query, REQUESTS) == [
        ("/a", "GET", 2000.25, 2500.5, 2), ("/b", "PUT", 900.0, 900.0, 1), (None, None, None, None, 1),
    ]  # fmt: skip


def test_runbook_actions_by_tenant():
    """The most frequent first, equal ones by their keys."""
    query = """fields tenantId, action
| stats count() by tenantId, action
| sort count desc"""
    assert rows(query, DOCUMENTS) == [("t1", "view", 2), ("t1", "edit", 1), ("t2", "view", 1)]


def test_runbook_slow_requests_by_path():
    """Over a second, by path."""
    query = """fields @timestamp, path, duration
| filter duration > 1000
| stats avg(duration), max(duration), count() by path"""
    assert rows(query, REQUESTS) == [("/a", 2000.25, 2500.5, 2)]


FLOWS = records(
    {"srcAddr": "10.0.0.1", "dstAddr": "10.0.1.1", "bytes": 900, "packets": 3, "action": "REJECT", "protocol": 6},
    {"srcAddr": "10.0.0.1", "dstAddr": "10.0.1.2", "bytes": 100, "packets": 1, "action": "ACCEPT", "protocol": 17},
    {"srcAddr": "192.0.2.1", "dstAddr": "10.0.1.1", "bytes": 500, "packets": 9, "action": "REJECT", "protocol": 6},
)
REPORTS = events(
    "10:00 REPORT RequestId: a-1\tDuration: 10.00 ms\tBilled Duration: 10 ms\t"
    "Memory Size: 128 MB\tMax Memory Used: 64 MB",
    "10:06 REPORT RequestId: a-2\tDuration: 30.00 ms\tBilled Duration: 30 ms\t"
    "Memory Size: 128 MB\tMax Memory Used: 96 MB",
    "10:07 END RequestId: a-2",
)
TRAIL = records(
    {"eventSource": "ec2.amazonaws.com", "eventName": "StartInstances", "awsRegion": "us-east-2",
     "requestParameters": {"instancesSet": {"items": [{"instanceId": "i-1"}]}}, "userIdentity": {"userName": "ann"}},
    {"eventSource": "iam.amazonaws.com", "eventName": "CreateUser", "awsRegion": "us-east-1",
     "responseElements": {"user": {"userName": "bob"}}, "userIdentity": {"sessionContext": {"userName": "root"}}},
)  # fmt: skip


@pytest.mark.parametrize(
    ("query", "log_events", "expected"),
    [
        ("stats sum(packets) as packetsTransferred by srcAddr, dstAddr | sort packetsTransferred desc | limit 1",
         FLOWS, [("192.0.2.1", "10.0.1.1", 9.0)]),
        ("stats sum(bytes) as bytesTransferred by dstAddr | sort bytesTransferred desc | limit 15",
         FLOWS, [("10.0.1.1", 1400.0), ("10.0.1.2", 100.0)]),
        ('filter action="REJECT" | stats count(*) as numRejections by srcAddr | sort numRejections desc | limit 20',
         FLOWS, [("10.0.0.1", 1), ("192.0.2.1", 1)]),
        ("filter isIpv4InSubnet(srcAddr, \"192.0.2.0/24\") | fields @timestamp, @message | stats count(*)",
         FLOWS, [(1,)]),
        ("filter protocol=17 | stats count(*) as records by srcAddr", FLOWS, [("10.0.0.1", 1)]),
        ('filter @type = "REPORT" | stats avg(@duration), max(@duration), min(@duration) by bin(5m)',
         REPORTS, [(at("10:00"), 10.0, 10.0, 10.0), (at("10:05"), 30.0, 30.0, 30.0)]),
        ('filter @type = "REPORT" | stats max(@memorySize / 1000 / 1000) as provisionedMemoryMB, '
         "min(@maxMemoryUsed / 1000 / 1000) as smallestMemoryRequestMB, "
         "max(@maxMemoryUsed / 1000 / 1000) as maxMemoryUsedMB",
         REPORTS, [(128.0, 64.0, 96.0)]),
        ("fields @timestamp, @requestId, @message | filter @type = 'REPORT' and @duration > 15 | display @requestId",
         REPORTS, [("a-2",)]),
        ("stats count(*) by eventSource, eventName, awsRegion", TRAIL,
         [("ec2.amazonaws.com", "StartInstances", "us-east-2", 1),
          ("iam.amazonaws.com", "CreateUser", "us-east-1", 1)]),
        ('filter (eventName="StartInstances" or eventName="StopInstances") and awsRegion="us-east-2" '
         "| display requestParameters.instancesSet.items.0.instanceId", TRAIL, [("i-1",)]),
        ('filter eventSource="iam.amazonaws.com" and eventName = "CreateUser" | fields awsRegion, '
         "userIdentity.sessionContext.userName, responseElements.user.userName | limit 1000",
         TRAIL, [("us-east-1", "root", "bob")]),
        ("filter @message like /(?i)createuser/ | stats count(*) as exceptionCount by bin(5m) "
         "| sort exceptionCount desc", TRAIL, [(at("10:00"), 1)]),
        ("fields @timestamp, eventName | sort @timestamp desc | dedup awsRegion | limit 1 | display eventName",
         TRAIL, [("CreateUser",)]),
    ],
)  # fmt: skip
def test_samples_of_aws_run(query: str, log_events: object, expected: list[tuple]):
    """Queries from AWS's user guide, or close to them, over flow logs as JSON, Lambda reports and CloudTrail."""
    assert rows(query, log_events) == expected


def test_sample_parse_of_aws():
    """The glob and the regular expression of the user guide give the same."""
    lines = events("10:00 [INFO] user=ann, method:PUT, latency := 42")
    glob = 'parse @message "user=*, method:*, latency := *" as user, method, latency | display user, method, latency'
    regex = r"parse @message /user=(?<user>.*?), method:(?<method>.*?), latency := (?<latency>\d+)/"
    assert rows(glob, lines) == rows(f"{regex} | display user, method, latency", lines) == [("ann", "PUT", "42")]


def test_a_relation_runs_like_a_table():
    """With its connection or without; the connection keeps its settings and gets nothing new."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'Asia/Tokyo'")
        connection.register("source", REQUESTS)
        relation = connection.table("source")
        query = "fields @timestamp, path | stats count(*) by bin(1d), path"
        expected = run_query(query, REQUESTS)
        assert run_query(query, relation, connection=connection).equals(expected)
        assert run_query(query, relation).equals(expected)
        assert run_query(query, REQUESTS, connection=connection).equals(expected)
        assert connection.sql("SELECT current_setting('TimeZone')").fetchall() == [("Asia/Tokyo",)]
        assert [name for (name,) in connection.sql("SHOW TABLES").fetchall()] == ["source"]


def test_types_of_the_events_may_differ():
    """Milliseconds, dictionaries and columns of nothing are the same events."""
    other = REQUESTS.set_column(0, "timestamp", REQUESTS["timestamp"].cast(pa.timestamp("ms", tz="UTC")))
    other = other.set_column(2, "log_stream", pa.nulls(len(other))).set_column(
        5, "ingestion_time", pa.nulls(len(other))
    )
    other = other.set_column(3, "message", other["message"].dictionary_encode()).combine_chunks()
    assert run_query("stats count(*) by path", other).equals(run_query("stats count(*) by path", REQUESTS))


def test_messages_are_not_changed():
    """@message is the text of the event to the last byte."""
    message = json.dumps({"a": "é🙂"}, ensure_ascii=False) + " \t\r\n"
    assert rows("fields @message", events(f"10:00 {message}")) == [(message,)]
