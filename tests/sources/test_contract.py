"""One contract for every backend: what `files:`, `case:` and `live` answer is the same."""

from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from builders import at, window
from contract_sources import AUDIT, COLUMNS, COST_QUERIES, HOUR, MESSAGES, WHOLE_DAY, recorded

from ddms_ops.coverage import Status
from ddms_ops.sampling import sample_blocks
from ddms_ops.sources.base import (
    ALARM_CHANGES,
    CHANGE_RECORDS,
    LOG_COUNTS,
    LOG_EVENTS,
    METRIC_POINTS,
    RECORDS,
    AlarmQuery,
    AuditQuery,
    ChangeQuery,
    LogCountQuery,
    LogQuery,
    MetricQuery,
    Pull,
    RecordQuery,
    Source,
)
from ddms_ops.window import Window


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
    longer = Window(HOUR.start, HOUR.end + (HOUR.length * 24))
    assert case.fetch_log_events(LogQuery(longer, "/aws/lambda/api"), pull="x").coverage.status is Status.PARTIAL


def counted(source: Source, asked: Window) -> Pull:
    """Events by minute in a part of the day."""
    return source.fetch_log_counts(LogCountQuery(asked, "/aws/lambda/api"), pull="x")


def test_counts_are_by_minute_of_the_half_open_window(source: Source):
    """Of what holds the events; minutes without any are left out."""
    pull = counted(source, HOUR)
    group = {"log_group": "/aws/lambda/api", "events": 1}
    assert pull.table.schema == LOG_COUNTS
    assert pull.table.to_pylist() == [{"timestamp": at(f"10:{m}"), **group} for m in ("00", "15", "30", "59")]
    assert (pull.coverage.rows, pull.coverage.matched, pull.coverage.status) == (4, 4, Status.COMPLETE)


def test_counts_of_nothing_are_empty(source: Source):
    """All columns, and said to be counted."""
    pull = counted(source, window("12:00", "13:00"))
    assert (pull.table.schema, pull.table.num_rows, pull.coverage.status) == (LOG_COUNTS, 0, Status.EMPTY)


def test_counts_of_an_unknown_group_are_not_configured(source: Source):
    """As its events are."""
    pull = source.fetch_log_counts(LogCountQuery(HOUR, "/aws/lambda/'; DROP TABLE x"), pull="x")
    assert (pull.table.schema, pull.coverage.status) == (LOG_COUNTS, Status.NOT_CONFIGURED)


@pytest.mark.parametrize("one_in", [2, 3, 8])
def test_a_sample_is_the_events_in_its_blocks(source: Source, one_in: int):
    """Truncated, with the number of all."""
    pull = source.fetch_log_events(LogQuery(HOUR, "/aws/lambda/api", one_in=one_in), pull="x")
    blocks = sample_blocks(HOUR, one_in)
    assert messages(pull.table) == [
        text for clock, text in MESSAGES.items() if any(b.contains(at(clock)) for b in blocks)
    ]
    assert (pull.coverage.matched, pull.coverage.status) == (4, Status.TRUNCATED)
    assert pull.coverage.reason.startswith(f"1 in {one_in} by time (a block of {60 / one_in:g} s a minute): ")


def test_a_sample_of_nothing_is_empty(source: Source):
    """Nothing was left out."""
    query = LogQuery(window("12:00", "13:00"), "/aws/lambda/api", one_in=4)
    assert source.fetch_log_events(query, pull="x").coverage.status is Status.EMPTY


def audit(source: Source, start: str = "10:00", end: str = "11:00", columns: tuple[str, ...] = COLUMNS) -> Pull:
    """Audit rows of a part of the day."""
    return source.fetch_audit_rows(AuditQuery(window(start, end), "audit_logs", columns, "created_at"), pull="x")


def test_audit_rows_are_ordered_texts_of_the_half_open_window(source: Source):
    """By time, then by every column as bytes, nulls last; each value as it was, each null a null."""
    pull = audit(source)
    inside = [{**row, "created_at": at(row["created_at"])} for row in AUDIT if "10:00" <= row["created_at"] < "11:00"]
    last = chr(0x10FFFF)
    inside.sort(
        key=lambda row: (row["created_at"], *(last if row[name] is None else row[name] for name in COLUMNS[1:]))
    )
    assert pull.table.to_pylist() == inside
    assert (pull.coverage.rows, pull.coverage.matched, pull.coverage.status) == (6, 6, Status.COMPLETE)
    assert (pull.coverage.got.start, pull.coverage.got.end) == (at("10:00"), at("11:00"))


@pytest.mark.parametrize(("start", "end"), [("10:00", "11:00"), ("12:00", "13:00")])
@pytest.mark.parametrize("columns", [COLUMNS, ("details", "created_at"), ("created_at",)])
def test_audit_columns_are_those_asked_for(source: Source, start: str, end: str, columns: tuple[str, ...]):
    """In their order, the time as a time and every other as text, also where there are no rows."""
    query = AuditQuery(window(start, end), "audit_logs", columns, "created_at")
    assert audit(source, start, end, columns).table.schema.equals(query.schema)


def test_an_audit_table_without_rows_in_the_window_is_empty(source: Source):
    """Read to its end, and nothing there."""
    coverage = audit(source, "12:00", "13:00").coverage
    assert (coverage.rows, coverage.got, coverage.status) == (0, None, Status.EMPTY)


def test_an_unknown_audit_table_is_not_configured(source: Source):
    """A table the source does not have is said, not raised."""
    query = AuditQuery(HOUR, 'audit"; DROP TABLE audit_logs; --', COLUMNS, "created_at")
    pull = source.fetch_audit_rows(query, pull="x")
    assert (pull.table.num_rows, pull.table.schema) == (0, query.schema)
    assert pull.coverage.status is Status.NOT_CONFIGURED


def test_an_unknown_audit_column_gives_no_rows(source: Source):
    """No column is made up, and no row comes without it."""
    pull = audit(source, columns=("created_at", "no_such_column"))
    assert (pull.table.num_rows, pull.coverage.is_all_there) == (0, False)
    assert "'no_such_column'" in pull.coverage.reason


def test_states_are_kept_and_events_are_of_the_window(export_source: Source):
    """A queue is what it is at any time; an execution happened when it began."""
    queues = export_source.fetch_records(RecordQuery(window("12:00", "13:00"), "queues"), pull="x")
    assert (queues.table.schema, queues.coverage.status) == (RECORDS, Status.COMPLETE)
    [queue] = queues.table.to_pylist()
    assert (queue["timestamp"], queue["kind"], queue["id"]) == (None, "queue", "dms-dlq")
    workflows = export_source.fetch_records(RecordQuery(HOUR, "workflows"), pull="x").table
    assert workflows.select(["timestamp", "kind", "id"]).to_pylist() == [
        {"timestamp": at("10:00"), "kind": "execution", "id": "first"}
    ]


def test_an_unknown_topic_is_not_configured(source: Source):
    """Nothing was exported or recorded of it."""
    pull = source.fetch_records(RecordQuery(HOUR, "tables"), pull="x")
    assert (pull.table.schema, pull.coverage.status) == (RECORDS, Status.NOT_CONFIGURED)


def test_costs_are_of_the_window_and_exact(source: Source):
    """The line at its start is in, the one at its end is not; amounts lose no decimal."""
    pull = source.fetch_cost_answer(COST_QUERIES[0], pull="costs/days")
    assert (pull.table.schema, pull.coverage.is_all_there) == (COST_QUERIES[0].schema, True)
    found = pull.table.select(["timestamp", "usage_type", "billed", "usage"]).to_pylist()
    usage = {"timestamp": at("00:00"), "usage_type": "größer", "billed": Decimal("2.0000000001"), "usage": Decimal(5)}
    assert found == [usage]


def test_every_question_about_the_bill_has_its_columns(export_source: Source):
    """By day, hour and resource."""
    for query in COST_QUERIES:
        pull = export_source.fetch_cost_answer(query, pull=f"costs/{query.part}")
        assert (pull.table.schema, sum(pull.table["lines"].to_pylist())) == (query.schema, 2)
