"""One contract for every backend: what `files:` and `case:` answer is the same."""

import json
from pathlib import Path

import pyarrow as pa
import pytest
from builders import at, envelope, window, write_logs

from ddms_ops.coverage import Status
from ddms_ops.evidence import EvidenceFolder
from ddms_ops.sources.base import (
    ALARM_CHANGES,
    CHANGE_RECORDS,
    LOG_EVENTS,
    METRIC_POINTS,
    AlarmQuery,
    ChangeQuery,
    LogQuery,
    MetricQuery,
    Source,
)
from ddms_ops.sources.files import FilesSource
from ddms_ops.sources.recorded import RecordedSource

HOUR = window("10:00", "11:00")
WHOLE_DAY = window("00:00", "23:59")
MESSAGES = {
    "09:59:59.999": "before",
    "10:00": "first",
    "10:15": "größer 日本 🚀 \u202e",
    "10:30": '{"level":"error","message":"a \\"quoted\\" thing"}',
    "10:59:59.999": "last",
    "11:00": "after",
}


def export(root: Path) -> FilesSource:
    """A small export with all four kinds."""
    write_logs(root, "/aws/lambda/api", *[envelope(clock, text) for clock, text in MESSAGES.items()])
    points = {
        "Id": "m",
        "Label": "m",
        "Timestamps": ["2026-03-04T10:01:00Z", "2026-03-04T09:01:00Z"],
        "Values": [2.5, 1],
    }
    records = [{"eventTime": "2026-03-04T10:05:00Z", "eventID": "e1", "eventName": "PutKeyPolicy", "readOnly": False}]
    items = [
        {"AlarmName": "a", "Timestamp": "2026-03-04T10:06:00Z", "HistoryItemType": "StateUpdate", "HistorySummary": "s"}
    ]
    for folder, document in {
        "metrics": {"MetricDataResults": [points]},
        "trail": {"Records": records},
        "alarms": {"AlarmHistoryItems": items},
    }.items():
        (root / folder).mkdir()
        (root / folder / "a.json").write_text(json.dumps(document))
    return FilesSource(root)


def recorded(root: Path, folder: Path) -> RecordedSource:
    """The same export, recorded whole and read back."""
    source, evidence = export(root), EvidenceFolder(folder / "evidence", tool="test")
    pull = source.fetch_log_events(LogQuery(WHOLE_DAY, "/aws/lambda/api"), pull="logs/api")
    evidence.record(pull, {"log_group": "/aws/lambda/api"})
    evidence.record(source.fetch_metric_points(MetricQuery(WHOLE_DAY), pull="metrics"), {})
    evidence.record(source.fetch_changes(ChangeQuery(WHOLE_DAY), pull="changes"), {})
    evidence.record(source.fetch_alarm_changes(AlarmQuery(WHOLE_DAY), pull="alarms"), {})
    return RecordedSource(folder)


@pytest.fixture(params=["files", "case"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Source:
    """Each backend over the same records."""
    return (
        export(tmp_path / "export") if request.param == "files" else recorded(tmp_path / "export", tmp_path / "report")
    )


def messages(table: pa.Table) -> list[str]:
    """The message column."""
    return table["message"].to_pylist()


def test_window_is_half_open(source: Source):
    """The event at the start is in, the one at the end is not."""
    pull = source.fetch_log_events(LogQuery(HOUR, "/aws/lambda/api"), pull="x")
    assert messages(pull.table) == ["first", *list(MESSAGES.values())[2:4], "last"]
    assert (pull.coverage.rows, pull.coverage.matched, pull.coverage.status) == (4, 4, Status.COMPLETE)


def test_columns_and_types_are_the_contracts(source: Source):
    """Every table has its schema, also with rows of every kind."""
    assert source.fetch_log_events(LogQuery(HOUR, "/aws/lambda/api"), pull="x").table.schema == LOG_EVENTS
    assert source.fetch_metric_points(MetricQuery(HOUR), pull="x").table.schema == METRIC_POINTS
    assert source.fetch_changes(ChangeQuery(HOUR), pull="x").table.schema == CHANGE_RECORDS
    assert source.fetch_alarm_changes(AlarmQuery(HOUR), pull="x").table.schema == ALARM_CHANGES


def test_text_arrives_as_it_was(source: Source):
    """Unicode, quotes and control marks are untouched."""
    pull = source.fetch_log_events(LogQuery(HOUR, "/aws/lambda/api"), pull="x")
    assert messages(pull.table)[1] == MESSAGES["10:15"]


def test_filter_keeps_messages_with_the_text(source: Source):
    """The filter is a plain text, whatever its characters."""
    assert messages(source.fetch_log_events(LogQuery(HOUR, "/aws/lambda/api", contains="größer"), pull="x").table) == [
        MESSAGES["10:15"]
    ]
    hostile = LogQuery(HOUR, "/aws/lambda/api", contains="%' OR 1=1 --")
    assert source.fetch_log_events(hostile, pull="x").coverage.status is Status.EMPTY


def test_limit_takes_the_earliest_and_says_so(source: Source):
    """A limited pull is truncated, with the number that matched."""
    pull = source.fetch_log_events(LogQuery(HOUR, "/aws/lambda/api", limit=2), pull="x")
    assert messages(pull.table)[0] == "first"
    assert (pull.coverage.rows, pull.coverage.matched, pull.coverage.status) == (2, 4, Status.TRUNCATED)


def test_empty_window_keeps_its_columns(source: Source):
    """Nothing in the window is EMPTY, with all columns."""
    pull = source.fetch_log_events(LogQuery(window("12:00", "13:00"), "/aws/lambda/api"), pull="x")
    assert (pull.table.num_rows, pull.table.schema, pull.coverage.got) == (0, LOG_EVENTS, None)
    assert pull.coverage.status is Status.EMPTY


def test_unknown_group_is_not_configured(source: Source):
    """A group the source does not have is said, not raised."""
    pull = source.fetch_log_events(LogQuery(HOUR, "/aws/lambda/'; DROP TABLE x"), pull="x")
    assert (pull.table.num_rows, pull.coverage.status) == (0, Status.NOT_CONFIGURED)


def test_records_come_in_order_of_time(source: Source):
    """Newest-first exports are read oldest first."""
    table = source.fetch_metric_points(MetricQuery(WHOLE_DAY), pull="x").table
    assert table["value"].to_pylist() == [1.0, 2.5]


def test_got_spans_first_to_last_record(source: Source):
    """What was got is told apart from what was asked."""
    coverage = source.fetch_log_events(LogQuery(HOUR, "/aws/lambda/api"), pull="x").coverage
    assert coverage.asked == HOUR
    assert (coverage.got.start, coverage.got.end.floor("ms")) == (at("10:00"), at("10:59:59.999"))


def test_a_case_cannot_answer_beyond_what_it_recorded(tmp_path: Path):
    """A window that was not recorded in whole is partial, never complete."""
    case = recorded(tmp_path / "export", tmp_path / "report")
    from ddms_ops.window import Window

    longer = Window(HOUR.start, HOUR.end + (HOUR.length * 24))
    assert case.fetch_log_events(LogQuery(longer, "/aws/lambda/api"), pull="x").coverage.status is Status.PARTIAL
