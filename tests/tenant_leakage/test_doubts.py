"""What a trail cannot tell is said: unknown owners, unread excuses, results that are no list, other sources."""

import json
from pathlib import Path

import pandas as pd
import psycopg
import pytest
from builders import at, envelope, open_export, write_logs
from leak_builders import DECLARED, HISTORY, crossings_of, declared, row, stamp, write_trail
from postgres_server import running_postgres

from ddms_ops.analysis.leak_verdict import CANNOT_TELL, LEAKED, NO_LEAK
from ddms_ops.case import Case
from ddms_ops.deployment import Database
from ddms_ops.sources.postgres import PostgresReader, fetch_trail_answer
from ddms_ops.sources.queries import TrailQuery
from ddms_ops.window import Window

TICK = pd.Timedelta(microseconds=1)
ANY = "2020-01-01 00:00:00+00"
HOUR = Window(at("10:00"), at("11:00"))
MINUTES = [row(f"10:{minute:02d}:00", seq=str(minute + 1)) for minute in range(60)]


def case_over(root: Path, **changed: object) -> Case:
    """The audit of 10:00 to 11:00 of an export, with another declaration of tenants."""
    case = open_export(root)
    case.profile = case.profile.model_copy(update={"tenants": declared(objects=None, **changed)})
    return case


def test_a_whole_trail_without_crossings_is_no_leak_seen(tmp_path: Path):
    """The measure of what follows."""
    case = case_over(write_trail(tmp_path, *MINUTES))
    assert (case.leak_verdict.word, case.leak_verdict.unaffected) == (NO_LEAK, ("t1",))


@pytest.mark.parametrize("owners", [["d2,t2"], []])
def test_records_of_unknown_owners_are_no_clearance(tmp_path: Path, owners: list[str]):
    """For a document that was deleted nobody can say whose it was."""
    verdict = case_over(write_trail(tmp_path, *MINUTES, documents=owners)).leak_verdict
    assert verdict.word == CANNOT_TELL
    assert "in no table of owners" in verdict.may_hide[0].why[0]


def test_types_of_records_that_the_table_is_not_of_are_not_its(tmp_path: Path):
    """An invoice d2 is not the document d2 of another tenant."""
    invoice = row("10:59:30", resource_type="invoice", resource_id="d2", seq="61")
    records = {**DECLARED["records"], "types": ["document"]}
    assert case_over(write_trail(tmp_path, *MINUTES, invoice), records=records).leak_verdict.word == NO_LEAK


def test_a_hole_in_the_history_of_owners_is_no_clearance(tmp_path: Path):
    """For ten minutes nobody owned the document."""
    owners = [f"d1,t1,{ANY},{stamp('10:30:00')}", f"d1,t1,{stamp('10:40:00')},"]
    case = case_over(write_trail(tmp_path, *MINUTES, document_owners=owners), records=HISTORY)
    [stretch] = case.leak_verdict.may_hide
    assert (stretch.start, stretch.end) == (at("10:30"), at("10:39") + TICK)


@pytest.mark.parametrize("details", ['{"results": [{"id": "d2"}]}', '{"results": "d2"}', '{"results": ["d2"', "d2"])
def test_results_that_cannot_be_read_are_no_clearance(tmp_path: Path, details: str):
    """Of a search nobody can say what it returned."""
    search = row("10:59:30", resource_id="", details=details, seq="61")
    case = case_over(write_trail(tmp_path, *MINUTES, search))
    assert case.leak_verdict.word == CANNOT_TELL
    assert "no list of ids" in " ".join(case.leak_verdict.reasons)


def test_without_its_shares_a_crossing_is_not_called_a_disclosure(tmp_path: Path):
    """They could have allowed it."""
    root = write_trail(tmp_path, *MINUTES, row("10:59:30", tenant_id="t2", resource_id="d2", seq="61"))
    (root / "audit" / "document_shares.csv").unlink()
    case = case_over(root)
    assert list(case.crossings["verdict"]) == ["unknown"]
    assert "no table document_shares" in case.crossings["why"].iloc[0]
    assert case.leak_verdict.word == CANNOT_TELL


def test_overlapping_stretches_are_said(tmp_path: Path):
    """A user at home in two tenants at once makes two rows of one."""
    homes = [f"u1,t1,{ANY},", f"u1,t2,{ANY},"]
    case = case_over(write_trail(tmp_path, *MINUTES, user_tenants=homes))
    assert set(case.crossings["verdict"]) == {"unknown"}
    assert "overlap" in " ".join(case.leak_verdict.reasons)


def test_a_sequence_that_is_no_number_or_stands_twice_is_said(tmp_path: Path):
    """It shows no hole then."""
    odd = [row(f"10:{minute:02d}:00", seq=f"A-{minute}") for minute in range(60)]
    assert "have no number" in " ".join(case_over(write_trail(tmp_path / "odd", *odd)).leak_verdict.reasons)
    twice = [*MINUTES[:31], row("10:30:30", seq="31"), *MINUTES[31:]]
    assert "stand twice" in " ".join(case_over(write_trail(tmp_path / "twice", *twice)).leak_verdict.reasons)


def test_numbers_missing_before_the_first_row_are_a_hole(tmp_path: Path):
    """The row beside it may lie minutes before the window."""
    rows = [row("09:57:00", seq="1"), *(row(f"10:{m:02d}:30", seq=str(m + 5)) for m in range(60))]
    [stretch] = case_over(write_trail(tmp_path, *rows)).leak_verdict.may_hide
    assert (stretch.start, stretch.end) == (at("10:00"), at("10:00:30"))


def test_what_only_another_source_shows_is_no_clearance(tmp_path: Path):
    """The API's log tells of t2's document for t1; the trail has the request as t1's own."""
    events = [
        {"level": "info", "message": "done", "requestId": f"r-10:{minute:02d}:00", "tenantId": "t1", "status": 200,
         "method": "GET", "path": "/documents/d1", **({"resourceTenantId": "t2"} if minute == 30 else {})}
        for minute in range(60)
    ]  # fmt: skip
    root = write_trail(tmp_path, *MINUTES)
    write_logs(root, "/aws/lambda/dms-api-handler-prod", *(envelope(f"10:{m:02d}:00", e) for m, e in enumerate(events)))
    case = case_over(root, logs={"token_tenant": ["tenantId"], "object_tenant": ["resourceTenantId"]})
    assert case.leak_verdict.word == CANNOT_TELL
    assert case.leak_verdict.cannot_tell == ("t2",)
    assert case.result("tenant_witnesses").findings


def test_a_system_without_a_trail_is_told_by_its_objects(tmp_path: Path):
    """By account and bucket: who read whose."""
    folder = tmp_path / "trail"
    folder.mkdir(parents=True)
    event = {
        "eventTime": "2026-03-04T10:30:00Z", "eventSource": "s3.amazonaws.com", "eventName": "GetObject",
        "eventID": "e1", "requestID": "q1", "readOnly": True, "eventCategory": "Data",
        "userIdentity": {"type": "AssumedRole", "accountId": "111111111111", "arn": "arn:aws:sts::111111111111:x/y"},
        "requestParameters": {"bucketName": "dhbw-videos", "key": "lecture-1.mp4"},
    }  # fmt: skip
    (folder / "a.json").write_text(json.dumps({"Records": [event]}))
    case = open_export(tmp_path)
    objects = {"buckets": {"dhbw-videos": {"tenant": "dhbw"}}, "accounts": {"111111111111": "edt"}}
    sections = dict.fromkeys((*DECLARED,)) | {"objects": objects}
    tenants = declared(**sections)
    case.profile = case.profile.model_copy(update={"tenants": tenants})
    [crossing] = case.crossings.itertuples()
    assert (crossing.actor, crossing.owner, crossing.record) == ("edt", "dhbw", "dhbw-videos/lecture-1.mp4")
    assert case.leak_verdict.word == LEAKED


def test_times_without_a_zone_are_said_to_be_utc(tmp_path: Path):
    """As everywhere."""
    case = case_over(write_trail(tmp_path, row("10:01:00", created_at="2026-03-04 10:01:00")))
    [bounds] = [pull for pull in case.pulls("trail") if pull.pull == "trail/bounds"]
    assert "taken as UTC" in bounds.reason


@pytest.mark.parametrize(
    ("columns", "kinds"),
    [
        ({"document_id": "d2", "tenant_id": "t1", "expires_at": "infinity"}, ["explained"]),
        ({"document_id": "d2", "tenant_id": "-", "expires_at": None}, ["disclosed"]),
    ],
)
def test_ends_at_infinity_and_tenants_of_nothing(columns: dict, kinds: list[str], tmp_path: Path):
    """A share until infinity has no end; one with a tenant that is no id is with nobody, not with everybody."""
    line = f"{columns['document_id']},{columns['tenant_id']},{ANY},{columns['expires_at'] or ''},"
    read = row("10:09:00", tenant_id="t2", resource_id="d2")
    assert list(crossings_of(write_trail(tmp_path, read, document_shares=[line]))["verdict"]) == kinds


def test_odd_columns_of_postgres_are_read_or_said():
    """Text that is no JSON, shares until infinity, and views, whose filter nobody sees."""
    tables = {"crossings": "audit_logs", "extent": "audit_logs", "grants": "audit_logs", "matrix": "seen_rows"}
    answers = {}
    with running_postgres() as server:
        with psycopg.connect(server.dsn(), autocommit=True) as connection:
            connection.execute(TABLES)
        for part, table in tables.items():
            asked = TrailQuery(HOUR, part, declared(trail={**DECLARED["trail"], "table": table}))
            reader = PostgresReader(Database(dsn_variable="URL"), environ={"URL": server.dsn()})
            answers[part] = fetch_trail_answer(reader, asked, pull=f"trail/{part}")
    assert answers["crossings"].coverage.reason == ""
    found = answers["crossings"].table.to_pylist()
    assert sorted((one["id"], one["record"], one["object_key"]) for one in found) == [
        ("a2", "d2", None), ("a3", "d1", "t2/x.pdf"),
    ]  # fmt: skip
    assert answers["extent"].table["unreadable"].to_pylist() == [1]
    assert answers["grants"].table["until"].to_pylist() == [None]
    assert "is a view" in answers["matrix"].coverage.reason
    assert not answers["matrix"].coverage.is_all_there


TABLES = """
CREATE TABLE audit_logs (seq int, id text, created_at timestamptz, tenant_id text, user_tenant_id text, user_id text,
    action text, resource_type text, resource_id text, request_id text, status int, details text);
INSERT INTO audit_logs VALUES
    (1, 'a1', '2026-03-04 10:01Z', 't1', 't1', 'u1', 'search', 'document', NULL, 'r1', 200, '{"results": [cut'),
    (2, 'a2', '2026-03-04 10:02Z', 't1', 't1', 'u1', 'search', 'document', NULL, 'r2', 200, '{"results": ["d2"]}'),
    (3, 'a3', '2026-03-04 10:03Z', 't1', 't1', 'u1', 'search', 'document', 'd1', 'r3', 200, '{"key": "t2/x.pdf"}');
CREATE VIEW seen_rows AS SELECT * FROM audit_logs WHERE tenant_id = 't9';
CREATE TABLE documents (id text, tenant_id text);
INSERT INTO documents VALUES ('d1', 't1'), ('d2', 't2');
CREATE TABLE tenants (id text);
CREATE TABLE user_tenants (user_id text, tenant_id text, valid_from timestamptz, valid_until timestamptz);
CREATE TABLE document_shares (document_id text, tenant_id text, created_at timestamptz, expires_at timestamptz,
    revoked_at timestamptz);
INSERT INTO document_shares VALUES ('d2', 't1', '2020-01-01Z', 'infinity', NULL);
"""
