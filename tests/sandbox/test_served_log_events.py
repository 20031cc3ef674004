"""Groups, streams and events of a served account, through boto3."""

import duckdb
import pyarrow as pa
import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from sandbox_builders import GROUP, NOON_MS, client, event, event_pages, messages

from ddms_ops.sandbox.server import Sandbox


def test_both_ends_of_a_range_are_inclusive(sandbox: Sandbox, logs: BaseClient):
    """To the millisecond."""
    sandbox.put_events(GROUP, [event(offset, str(offset)) for offset in (-1, 0, 500, 1000, 1001)])
    assert messages(logs, startTime=NOON_MS, endTime=NOON_MS + 1000) == ["0", "500", "1000"]


def test_events_come_in_order_of_time_whenever_they_were_put(sandbox: Sandbox, logs: BaseClient):
    """Those of the same millisecond in the order in which they came."""
    sandbox.put_events(GROUP, [event(5, "c"), event(1, "a")])
    sandbox.put_events(GROUP, [event(5, "d"), event(2, "b")])
    assert messages(logs) == ["a", "b", "c", "d"]


def test_a_page_has_ten_thousand_events_at_most(sandbox: Sandbox, logs: BaseClient):
    """And each event comes once, whatever the pages."""
    sandbox.put_events(GROUP, [event(place, str(place)) for place in range(25_000)])
    pages = event_pages(logs)
    assert max(len(page["events"]) for page in pages) == 10_000
    ids = [found["eventId"] for page in pages for found in page["events"]]
    assert len(ids) == len(set(ids)) == 25_000


def test_a_page_has_a_megabyte_at_most(sandbox: Sandbox, logs: BaseClient):
    """Longer messages make shorter pages; one message always fits."""
    sandbox.put_events(GROUP, [event(0, "x" * 400_000), event(1, "y" * 400_000), event(2, "z" * 1_200_000)])
    assert [len(page["events"]) for page in event_pages(logs)] == [2, 1]


def test_some_pages_are_empty_and_have_a_token(sandbox: Sandbox, logs: BaseClient):
    """Each with a token of its own, so that the end is not mistaken."""
    sandbox.log_events.empty_page_every = 2
    sandbox.put_events(GROUP, [event(place) for place in range(4)])
    pages = event_pages(logs, limit=2)
    assert [len(page["events"]) for page in pages] == [2, 0, 2]
    assert pages[0]["nextToken"] != pages[1]["nextToken"]


def test_a_rare_pattern_gives_empty_pages_too(sandbox: Sandbox, logs: BaseClient):
    """A page looks through ten thousand events."""
    sandbox.put_events(GROUP, [event(place, "needle" if place == 15_000 else "hay") for place in range(20_000)])
    assert [len(page["events"]) for page in event_pages(logs, filterPattern="needle")] == [0, 1]


def test_streams_can_be_chosen(sandbox: Sandbox, logs: BaseClient):
    """By name or by prefix."""
    sandbox.put_events(GROUP, [event(0, "a", "web-1"), event(1, "b", "web-2"), event(2, "c", "job-1")])
    assert messages(logs, logStreamNames=["web-2", "job-1"]) == ["b", "c"]
    assert messages(logs, logStreamNamePrefix="web") == ["a", "b"]


def test_a_group_is_found_by_its_arn(sandbox: Sandbox, logs: BaseClient):
    """As DescribeLogGroups tells it."""
    sandbox.put_events(GROUP, [event(0, "a")])
    [group] = logs.describe_log_groups()["logGroups"]
    assert group["arn"] == f"arn:aws:logs:us-east-1:123456789012:log-group:{GROUP}:*"
    found = logs.filter_log_events(logGroupIdentifier=group["logGroupArn"])["events"]
    assert [each["message"] for each in found] == ["a"]


def test_an_unknown_group_is_refused(logs: BaseClient):
    """With the code that AWS gives."""
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        logs.filter_log_events(logGroupName=GROUP)


@pytest.mark.parametrize("token", ["x", "page-0-row-x"])
def test_a_made_up_token_is_refused(sandbox: Sandbox, logs: BaseClient, token: str):
    """With the code that AWS gives."""
    sandbox.add_log_group(GROUP)
    with pytest.raises(ClientError, match="InvalidParameterException"):
        logs.filter_log_events(logGroupName=GROUP, nextToken=token)


def test_groups_are_listed_in_pages_of_fifty(sandbox: Sandbox, logs: BaseClient):
    """By name, with a prefix if one is given."""
    for number in range(60):
        sandbox.add_log_group(f"/app/{number:02}")
    pages = list(logs.get_paginator("describe_log_groups").paginate())
    assert [len(page["logGroups"]) for page in pages] == [50, 10]
    found = logs.describe_log_groups(logGroupNamePrefix="/app/5")["logGroups"]
    assert [group["logGroupName"] for group in found] == [f"/app/5{number}" for number in range(10)]


def test_streams_are_listed_by_name_or_by_last_event(sandbox: Sandbox, logs: BaseClient):
    """With the times of their first and last events."""
    sandbox.put_events(GROUP, [event(9, stream="a"), event(1, stream="b"), event(5, stream="b")])
    streams = logs.describe_log_streams(logGroupName=GROUP)["logStreams"]
    assert [(found["logStreamName"], found["firstEventTimestamp"] - NOON_MS) for found in streams] == [
        ("a", 9),
        ("b", 1),
    ]
    newest = logs.describe_log_streams(logGroupName=GROUP, orderBy="LastEventTime", descending=True)["logStreams"]
    assert [found["logStreamName"] for found in newest] == ["a", "b"]


def test_text_comes_back_as_it_went_in(sandbox: Sandbox, logs: BaseClient):
    """Quotes, newlines, control characters, other scripts."""
    text = 'a "b" \\ \n\t\x01 ключ 🔑 </x>'
    sandbox.put_events(GROUP, [event(0, text)])
    assert messages(logs) == [text]


def test_events_can_be_put_as_arrow_or_by_duckdb(sandbox: Sandbox, logs: BaseClient):
    """Times as milliseconds or as timestamps."""
    stamps = pa.array([NOON_MS, NOON_MS + 1], pa.timestamp("ms", tz="UTC"))
    sandbox.put_events(GROUP, pa.table({"timestamp": stamps, "message": ["a", "b"]}))
    sandbox.put_events(GROUP, duckdb.sql(f"SELECT {NOON_MS} + 2 AS timestamp, 'c' AS message, 's' AS stream"))
    assert messages(logs, startTime=NOON_MS) == ["a", "b", "c"]


def test_an_export_is_served_whole(incident: Sandbox):
    """Every group, every event."""
    logs = client(incident, "logs")
    groups = [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]]
    assert "/aws/lambda/dms-api-handler-prod" in groups
    paginator = logs.get_paginator("filter_log_events")
    pages = [page for group in groups for page in paginator.paginate(logGroupName=group)]
    assert sum(len(page["events"]) for page in pages) > 2_000
