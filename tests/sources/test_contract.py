"""One contract for every backend: what `files:`, `case:` and `live` answer is the same."""

import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from builders import at, envelope, window, write_logs

from ddms_ops.coverage import Status
from ddms_ops.declaration import LogGroup
from ddms_ops.deployment import Resources
from ddms_ops.errors import RunError
from ddms_ops.evidence import EvidenceFolder
from ddms_ops.profile import load_profile
from ddms_ops.sandbox.postgres import PostgresServer
from ddms_ops.sandbox.server import Sandbox
from ddms_ops.sources.base import (
    ALARM_CHANGES,
    CHANGE_RECORDS,
    LOG_EVENTS,
    METRIC_POINTS,
    RECORDS,
    AlarmQuery,
    AuditQuery,
    ChangeQuery,
    LogQuery,
    MetricQuery,
    Pull,
    RecordQuery,
    Source,
)
from ddms_ops.sources.files import FilesSource
from ddms_ops.sources.live import LiveSource
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
AUDIT = [  # a time, then the text of each column as Postgres prints it; None is null
    {"created_at": "10:59:59.999999", "id": "6", "user_id": "user-1", "ip_address": "10.0.0.1", "details": '{"a": 1}'},
    {"created_at": "09:59:59.999999", "id": "1", "user_id": "user-1", "ip_address": "10.0.0.1", "details": None},
    {
        "created_at": "10:00:00",
        "id": "2",
        "user_id": "user-1",
        "ip_address": "10.0.0.1",
        "details": '{"b": "größer 🚀"}',
    },
    {"created_at": "10:30:00.5", "id": "b", "user_id": "", "ip_address": None, "details": '{"c": "a \\"b\\", c\\nd"}'},
    {"created_at": "10:30:00.5", "id": "B", "user_id": "z", "ip_address": "::1", "details": None},
    {"created_at": "10:30:00.5", "id": "b", "user_id": None, "ip_address": "::1", "details": None},
    {"created_at": "10:30:00.5", "id": "b", "user_id": "one\ntwo", "ip_address": "::1", "details": None},
    {"created_at": "11:00:00", "id": "7", "user_id": "user-1", "ip_address": "10.0.0.1", "details": None},
]
COLUMNS = tuple(AUDIT[0])
QUEUE = {"ApproximateNumberOfMessages": "3", "QueueArn": "arn:aws:sqs:us-east-1:123456789012:dms-dlq"}
EXECUTIONS = [
    {"executionArn": "late", "startDate": "2026-03-04T11:00:00Z", "stopDate": "2026-03-04T11:01:00Z"},
    {"executionArn": "first", "startDate": "2026-03-04T10:00:00Z", "stopDate": "2026-03-04T10:01:00Z"},
    {"executionArn": "early", "startDate": "2026-03-04T09:00:00Z", "stopDate": "2026-03-04T09:01:00Z"},
]


def write_audit(root: Path) -> None:
    """AUDIT as psql writes it: null is nothing, empty text is quoted."""
    (root / "audit").mkdir()
    with (root / "audit" / "audit_logs.csv").open("w", encoding="utf-8", newline="") as file:
        file.write(",".join(COLUMNS) + "\n")
        for row in AUDIT:
            values = [f"{at(row['created_at']):%Y-%m-%d %H:%M:%S.%f}+00", *list(row.values())[1:]]
            texts = ["" if text is None else '"' + text.replace('"', '""') + '"' for text in values]
            file.write(",".join(texts) + "\n")


def export(root: Path) -> FilesSource:
    """A small export with all kinds."""
    write_logs(root, "/aws/lambda/api", *[envelope(clock, text) for clock, text in MESSAGES.items()])
    points = {
        "Id": "api_requests",
        "Label": "api_requests",
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
        "queues": {"Attributes": QUEUE},
        "workflows": {"executions": EXECUTIONS},
    }.items():
        (root / folder).mkdir()
        (root / folder / "a.json").write_text(json.dumps(document))
    write_audit(root)
    return FilesSource(root)


def recorded(root: Path, folder: Path) -> RecordedSource:
    """The same export, recorded whole and read back."""
    source, evidence = export(root), EvidenceFolder(folder / "evidence", tool="test")
    pull = source.fetch_log_events(LogQuery(WHOLE_DAY, "/aws/lambda/api"), pull="logs/api")
    evidence.record(pull, {"log_group": "/aws/lambda/api"})
    evidence.record(source.fetch_metric_points(MetricQuery(WHOLE_DAY), pull="metrics"), {})
    evidence.record(source.fetch_changes(ChangeQuery(WHOLE_DAY), pull="changes"), {})
    evidence.record(source.fetch_alarm_changes(AlarmQuery(WHOLE_DAY), pull="alarms"), {})
    query = AuditQuery(WHOLE_DAY, "audit_logs", COLUMNS, "created_at")
    evidence.record(source.fetch_audit_rows(query, pull="audit/audit_logs"), {"table": "audit_logs"})
    for topic in ("queues", "workflows"):
        evidence.record(source.fetch_records(RecordQuery(WHOLE_DAY, topic), pull=topic), {})
    return RecordedSource(folder)


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    """The connection to a Postgres with AUDIT."""
    kinds = {"created_at": "timestamptz", "ip_address": "inet", "details": "jsonb"}
    columns = ", ".join(f"{name} {kinds.get(name, 'text')}" for name in COLUMNS)
    try:
        with PostgresServer() as server:
            server.load(f"CREATE TABLE audit_logs ({columns})")
            for row in AUDIT:
                values = [f"2026-03-04T{row['created_at']}Z", *list(row.values())[1:]]
                texts = ["NULL" if text is None else "'" + text.replace("'", "''") + "'" for text in values]
                server.load(f"INSERT INTO audit_logs VALUES ({', '.join(texts)})")
            yield server.dsn()
    except RunError as lack:
        pytest.skip(str(lack))


@pytest.fixture(params=["files", "case", "live"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Source]:
    """Each backend over the same records."""
    if request.param == "live":
        yield from served(tmp_path / "export", request.getfixturevalue("database"))
    else:
        yield exported(request.param, tmp_path)


@pytest.fixture(params=["files", "case"])
def export_source(request: pytest.FixtureRequest, tmp_path: Path) -> Source:
    """The backends that read what AWS's tools printed."""
    return exported(request.param, tmp_path)


def exported(name: str, folder: Path) -> Source:
    """An export, or a case made of it."""
    return export(folder / "export") if name == "files" else recorded(folder / "export", folder / "report")


def served(root: Path, dsn: str) -> Iterator[LiveSource]:
    """The export over HTTP, and the database."""
    export(root)
    dms = load_profile("dms")
    logs = dms.logs.model_copy(update={"groups": {"/aws/lambda/api": LogGroup()}})
    profile = dms.model_copy(update={"logs": logs, "resources": Resources()})
    with Sandbox(root) as sandbox, pytest.MonkeyPatch.context() as patch:
        for name, value in sandbox.environment.items():
            patch.setenv(name, value)
        yield LiveSource(profile, "prod", clock=lambda: at("12:00"), environ={profile.database.dsn_variable: dsn})


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
