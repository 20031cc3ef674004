"""The audit trail of a simulated incident: what psql would have written, and what the logs say."""

import csv
import json
import re
from collections import Counter
from datetime import datetime
from pathlib import Path

from reading import minute, parsed

WITHOUT_DOCUMENT = ("document.list", "document.search")


def rows(export: Path, table: str) -> list[dict[str, str]]:
    """Rows of one table."""
    with (export / "audit" / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_each_document_action_that_succeeded_or_was_denied_has_one_row(played):
    """Joined to the log by request id; tenant, user, document and status are the log's."""
    audit = {row["request_id"]: row for row in rows(played.export, "audit_logs")}
    ends = [event for _, event in parsed(played.export, "api") if event.get("action", "").startswith("document.")]
    logged = [event for event in ends if event["status"] < 400 or event["status"] in (401, 403)]
    names = ("tenantId", "userId", "action", "status")
    columns = ("user_tenant_id", "user_id", "action", "status")
    for event in logged:
        row = audit[event["requestId"]]
        assert [row[column] for column in columns] == [str(event[name]) for name in names]
        if "documentId" in event:
            assert row["resource_id"] == event["documentId"]
    assert len(audit) == len(rows(played.export, "audit_logs")) == played.truth["audit_rows"]["audit_logs"]
    assert 0 <= len(audit) - len(logged) < 0.002 * len(audit)  # half-written log events


def test_uploads_name_the_file_that_the_log_names(played):
    """The same document, the same file."""
    audit = {row["request_id"]: row for row in rows(played.export, "audit_logs")}
    uploads = [event for _, event in parsed(played.export, "api") if "fileName" in event and event["status"] < 300]
    assert uploads
    for event in uploads:
        assert json.loads(audit[event["requestId"]]["details"])["fileName"] == event["fileName"]


def test_users_and_creators_are_of_their_tenants(played):
    """The trail names the user's tenant; who made a document is of the document's."""
    users = {row["id"]: row["tenant_id"] for row in rows(played.export, "users")}
    assert all(row["user_tenant_id"] == users[row["user_id"]] for row in rows(played.export, "audit_logs"))
    assert all(users[row["created_by"]] == row["tenant_id"] for row in rows(played.export, "documents"))


def test_the_sequence_has_no_hole(played):
    """Each row's number is that of the row before and one."""
    numbers = [int(row["seq"]) for row in rows(played.export, "audit_logs")]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def test_references_hold_and_keys_are_unique(played):
    """As the database's constraints demand, and nothing is older than what it belongs to."""
    tables = {name: rows(played.export, name) for name in played.truth["audit_rows"]}
    assert {name: len(found) for name, found in tables.items()} == played.truth["audit_rows"]
    born = {name: {row["id"]: row.get("created_at", "") for row in found} for name, found in tables.items()}
    assert {name: len(found) for name, found in born.items()} == played.truth["audit_rows"]
    assert all(born["tenants"][row["tenant_id"]] < row["created_at"] for row in tables["users"])
    assert all(born["users"][row["created_by"]] < row["created_at"] for row in tables["documents"])
    assert all(born["documents"][row["document_id"]] <= row["created_at"] for row in tables["document_shares"])
    assert all(born["users"][row["user_id"]] < row["started_at"] for row in tables["support_sessions"])
    used = [row for row in tables["audit_logs"] if row["resource_id"]]
    assert all(born["documents"][row["resource_id"]] <= row["created_at"] for row in used)


def test_every_value_is_as_postgres_prints_it(played):
    """Times without zeros at the end of a fraction, jsonb by length of key, inet without its mask, null as nothing."""
    for row in rows(played.export, "audit_logs"):
        assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{0,5}[1-9])?\+00", row["created_at"])
        assert re.fullmatch(r"\d{1,3}(\.\d{1,3}){3}", row["ip_address"])
        assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}", row["id"])
        if details := row["details"]:
            found = json.loads(details)
            assert details == json.dumps(found, ensure_ascii=False)
            assert list(found) == sorted(found, key=lambda name: (len(name), name))
        assert bool(row["resource_id"]) == (row["action"] not in WITHOUT_DOCUMENT)
    text = (played.export / "audit" / "audit_logs.csv").read_text()
    assert ',""\n' not in text
    assert ',"",' not in text


def test_rows_are_in_order_of_time_through_the_whole_case(played):
    """No hour of the log is without rows."""
    times = [datetime.fromisoformat(row["created_at"]) for row in rows(played.export, "audit_logs")]
    assert times == sorted(times)
    hours = Counter(minute(stamp)[:13] for stamp, event in parsed(played.export, "api") if "status" in event)
    assert {f"{time:%Y-%m-%dT%H}" for time in times} >= {hour for hour, count in hours.items() if count > 100}
