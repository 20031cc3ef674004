"""Answers of the two hot operations are the same records that botocore reads, as columns."""

import json

import botocore.session
import pytest
from botocore.parsers import ResponseParserError, create_parser

from ddms_ops.sources.aws.log_pages import COLUMNS, FIELDS, LogParserFactory, events_of_rows, query_page

EVENT = {
    "timestamp": 1772618400001, "message": 'größer "日本" \u202e\n', "logStreamName": "s", "eventId": "e",
    "ingestionTime": 1772618400500,
}  # fmt: skip
CELLS = {
    "@timestamp": "2026-03-04 10:00:00.001", "@message": "m", "@logStream": "s",
    "@ingestionTime": "2026-03-04 10:00:00.500", "@ptr": "p",
}  # fmt: skip


def response(document: object, *, status: int = 200) -> dict:
    """An HTTP answer as botocore hands it to a parser."""
    return {"body": json.dumps(document).encode(), "headers": {"X-Amzn-RequestId": "r"}, "status_code": status}


def shape(operation: str) -> object:
    """The output shape of an operation of CloudWatch Logs."""
    return botocore.session.get_session().get_service_model("logs").operation_model(operation).output_shape


def rows(*given: dict[str, str]) -> bytes:
    """A GetQueryResults answer."""
    cells = [[{"field": name, "value": value} for name, value in row.items()] for row in given]
    return json.dumps({"status": "Complete", "results": cells, "statistics": {"recordsMatched": 7.0}}).encode()


def test_events_are_what_botocore_reads():
    """Each field of each event."""
    document = {"events": [EVENT, {"timestamp": 5, "message": "bare"}], "nextToken": "t", "searchedLogStreams": []}
    ours = LogParserFactory().create_parser("json").parse(response(document), shape("FilterLogEvents"))
    theirs = create_parser("json").parse(response(document), shape("FilterLogEvents"))
    names = dict(zip(COLUMNS.names, ("timestamp", "logStreamName", "message", "eventId", "ingestionTime"), strict=True))
    for name, their_name in names.items():
        values = [event.get(their_name) for event in theirs["events"]]
        column = ours["events"][name]
        assert (column.cast("int64") if "time" in name else column).to_pylist() == values
    assert (ours["nextToken"], ours["ResponseMetadata"]["RequestId"]) == ("t", "r")


def test_rows_become_events():
    """Times are UTC milliseconds, the pointer is the event's id."""
    page = query_page(rows(CELLS))
    [event] = events_of_rows(page["rows"]).to_pylist()
    assert (event["message"], event["log_stream"], event["event_id"]) == ("m", "s", "p")
    assert (event["timestamp"].isoformat(), page["statistics"]["recordsMatched"]) == (
        "2026-03-04T10:00:00.001000+00:00",
        7,
    )


def test_a_row_may_lack_a_field():
    """Insights leaves out what an event does not have; the value is null, not another field's."""
    short = {name: value for name, value in CELLS.items() if name != "@ingestionTime"}
    events = events_of_rows(query_page(rows(CELLS, short))["rows"])
    assert events["ingestion_time"].to_pylist()[1] is None
    assert events["event_id"].to_pylist() == ["p", "p"]


def test_fields_may_come_in_any_order():
    """Columns go by name."""
    turned = {name: CELLS[name] for name in reversed(FIELDS)}
    assert events_of_rows(query_page(rows(turned))["rows"])["message"].to_pylist() == ["m"]


def test_no_rows_are_no_columns():
    """A running query has none yet."""
    assert query_page(json.dumps({"status": "Running", "results": []}).encode())["rows"].num_rows == 0


def test_errors_are_left_to_botocore():
    """Code and message of a fault are read by its own parser."""
    fault = {"__type": "ThrottlingException", "message": "slow down"}
    parsed = LogParserFactory().create_parser("json").parse(response(fault, status=400), shape("FilterLogEvents"))
    assert parsed["Error"]["Code"] == "ThrottlingException"


@pytest.mark.parametrize("body", [b"", b"{", b'{"events": 5}', b'{"events": [{"timestamp": "x"}]}', b"<html>"])
def test_what_is_not_that_answer_is_refused(body: bytes):
    """An answer with status 200 and other content is a fault, not an empty page."""
    answer = {"body": body, "headers": {}, "status_code": 200}
    with pytest.raises(ResponseParserError):
        LogParserFactory().create_parser("json").parse(answer, shape("FilterLogEvents"))
