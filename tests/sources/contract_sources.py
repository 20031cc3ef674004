"""One small export of every kind, and each backend over it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from builders import at, envelope, window, write_logs

from ddms_ops.declaration import LogGroup
from ddms_ops.deployment import Resources
from ddms_ops.evidence import EvidenceFolder
from ddms_ops.profile import load_profile
from ddms_ops.sandbox.server import Sandbox
from ddms_ops.sources.base import (
    AlarmQuery,
    AuditQuery,
    ChangeQuery,
    CostQuery,
    LogCountQuery,
    LogQuery,
    MetricQuery,
    RecordQuery,
    Source,
)
from ddms_ops.sources.files import FilesSource
from ddms_ops.sources.live import LiveSource
from ddms_ops.sources.recorded import RecordedSource
from ddms_ops.spending import Costs
from ddms_ops.window import Window

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
BILL = """\
identity_line_item_id,line_item_usage_start_date,line_item_usage_end_date,line_item_line_item_type,\
line_item_product_code,line_item_usage_type,line_item_currency_code,line_item_unblended_cost,line_item_usage_amount
a,2026-03-03T23:00:00Z,2026-03-04T00:00:00Z,Usage,AmazonS3,größer,USD,1,1
b,2026-03-04T00:00:00Z,2026-03-04T01:00:00Z,Usage,AmazonS3,größer,USD,0.0000000001,2
c,2026-03-04T23:00:00Z,2026-03-05T00:00:00Z,Usage,AmazonS3,größer,USD,2,3
d,2026-03-05T00:00:00Z,2026-03-05T01:00:00Z,Usage,AmazonS3,größer,USD,4,4
"""
BILL_DAY = Window.of("2026-03-04T00:00Z", "2026-03-05T00:00Z")
COST_QUERIES = tuple(CostQuery(BILL_DAY, part, Costs(), now=("2026-03-04",)) for part in ("days", "hours", "details"))


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
    (root / "costs").mkdir()
    (root / "costs" / "bill.csv").write_text(BILL, encoding="utf-8")
    return FilesSource(root)


def recorded(root: Path, folder: Path) -> RecordedSource:
    """The same export, recorded whole and read back."""
    source, evidence = export(root), EvidenceFolder(folder / "evidence", tool="test")
    pull = source.fetch_log_events(LogQuery(WHOLE_DAY, "/aws/lambda/api"), pull="logs/api")
    evidence.record(pull, {"log_group": "/aws/lambda/api"})
    counts = source.fetch_log_counts(LogCountQuery(WHOLE_DAY, "/aws/lambda/api"), pull="log_counts/api")
    evidence.record(counts, {"log_group": "/aws/lambda/api"})
    evidence.record(source.fetch_metric_points(MetricQuery(WHOLE_DAY), pull="metrics"), {})
    evidence.record(source.fetch_changes(ChangeQuery(WHOLE_DAY), pull="changes"), {})
    evidence.record(source.fetch_alarm_changes(AlarmQuery(WHOLE_DAY), pull="alarms"), {})
    query = AuditQuery(WHOLE_DAY, "audit_logs", COLUMNS, "created_at")
    evidence.record(source.fetch_audit_rows(query, pull="audit/audit_logs"), {"table": "audit_logs"})
    for asked in COST_QUERIES:
        evidence.record(source.fetch_cost_answer(asked, pull=f"costs/{asked.part}"), {"part": asked.part})
    for topic in ("queues", "workflows"):
        evidence.record(source.fetch_records(RecordQuery(WHOLE_DAY, topic), pull=topic), {})
    return RecordedSource(folder)


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
