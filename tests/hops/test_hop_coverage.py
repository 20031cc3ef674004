"""A view says what it looked at: which pulls, how complete, of which side; empty is not "there is none"."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from builders import DAY, at, failure, minutes, open_export, request, write_logs
from hop_export import API, WORKER

from ddms_ops.case import Case
from ddms_ops.checks import CHECKS
from ddms_ops.coverage import Status
from ddms_ops.errors import BadInput
from ddms_ops.hops.tenants import NOT_YET
from ddms_ops.incident import resolve
from ddms_ops.sources.files import FilesSource

SYSTEMS = Path(__file__).parents[2] / "parameters" / "systems"


def statuses(view: object) -> dict[str, Status]:
    """Status of each pull of a view."""
    return {row.pull: row.status for row in view.coverage}


def test_a_damaged_file_makes_an_empty_answer_doubtful(logs_alone: Case):
    """The view names the pull and why; a filter that leaves that group out is whole."""
    view = logs_alone.request("not there")
    assert not view.is_all_there
    assert statuses(view)[f"logs{WORKER}"] is Status.PARTIAL
    assert "pulls are not complete; what is not here may still exist" in repr(view)
    whole = logs_alone.logs(log_group=API)
    assert whole.is_all_there
    assert f"Read whole: logs{API}." in repr(whole)


def test_what_is_not_configured_is_said(logs_alone: Case):
    """No database log, no audit rows, no metrics: empty views, never an error."""
    name = logs_alone.logs(tenant="t2").frame["request_id"].iloc[0]
    views = [logs_alone.sql(request=name), logs_alone.audit_rows(request=name), logs_alone.statements]
    views += [logs_alone.sql(tenant="t2"), logs_alone.audit_rows(tenant="t2"), logs_alone.changes_seen]
    for view in views:
        assert len(view) == 0 or view.call == "case.changes_seen"
        assert Status.NOT_CONFIGURED in statuses(view).values()
        assert not view.is_all_there
        assert "not configured" in repr(view)
    for view in (views[0], views[2], views[3]):
        assert "No call of the database log was read; 1 of 1 pulls are not complete" in repr(view)
        assert "set log_min_duration_statement" not in repr(view)
    with pytest.raises(BadInput, match=r"none was seen.*; \d of \d pulls are not complete \(changes: not configured\)"):
        logs_alone.change(0)
    with pytest.raises(BadInput, match="database_log: not configured"):
        logs_alone.statement("nothing")


def test_a_database_log_without_calls_says_what_to_switch_on(tmp_path: Path):
    """Where it was read whole; no call in it is then the database's doing."""
    write_logs(tmp_path, API, request("10:00:01"))
    (tmp_path / "database").mkdir()
    line = "2026-03-04 {}:00:01 UTC:10.0.0.1(1):app@dms:[7]:LOG:  connection received: host=10.0.0.1 port=1\n"
    (tmp_path / "database" / "postgresql.log").write_text("".join(line.format(hour) for hour in ("09", "10")))
    assert "in the window: set log_min_duration_statement" in repr(open_export(tmp_path).statements)


def test_a_tenants_sources_say_how_they_were_read(logs_alone: Case):
    """Partial logs and audit tables that are not there are no zeros to rely on."""
    table = logs_alone.tenant("t2").frame.set_index("source")
    assert table.loc["log events", "read"] == "1 of 2 pulls partial"
    assert table.loc["audit rows of audit_logs", "read"] == "1 of 1 pulls not configured"
    assert pd.isna(table.loc["audit rows of audit_logs", "rows"])
    assert logs_alone.statements.coverage
    table = logs_alone.tenant("t2").frame.set_index("source")
    assert table.loc["statements of the database log", "read"] == "1 of 1 pulls not configured"
    assert pd.isna(table.loc["statements of the database log", "rows"])


def test_findings_of_a_tenant_are_looked_at_once_a_check_was_made(tmp_path: Path):
    """Before, there is no number that says "none"; checks that nobody asked for are no failed ones."""
    usual = [request(clock) for clock in minutes(0, 60, 9)[::5]]
    write_logs(
        tmp_path, API, *usual, *[line for c in minutes(0, 60)[::5] for line in (failure(c), request(c, status=500))]
    )
    case = open_export(tmp_path)
    row = case.tenant("t1").frame.iloc[-1]
    assert (row["source"], row["rows"], row["read"]) == ("findings (0 checks made)", pd.NA, NOT_YET)
    case.result("error_rate")
    row = case.tenant("t1").frame.iloc[-1]
    assert (row["source"], row["rows"], pd.isna(row["read"])) == ("findings (1 check made)", 1, True)
    assert case.findings.notes == (f"1 of {len(CHECKS)} checks were made.",)
    hit = f"who_is_hit-{case.result('who_is_hit').findings[0].id.rpartition('-')[2]}"
    assert open_export(tmp_path).finding(hit).finding.check == "who_is_hit"


def test_a_system_that_declares_no_audit_table_says_so(tmp_path: Path):
    """Coverage has a row for it, though nothing could be asked."""
    write_logs(tmp_path, "app", *[request(clock) for clock in minutes(0, 60)])
    case = open_export(tmp_path, system="generic")
    view = case.audit_rows(request="r1")
    assert statuses(view) == {"audit": Status.NOT_CONFIGURED}
    assert "The profile declares no audit table; database.audit of the profile names them." in repr(view)


def test_a_table_without_a_known_column_says_what_to_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The profile does declare it; which column holds a tenant or a request is what it lacks."""
    (tmp_path / "parameters" / "systems").mkdir(parents=True)
    own = (SYSTEMS / "generic.yaml").read_text().replace("system: generic", "system: shop")
    own += "database: {dsn_variable: X, audit: {access: {time_column: at, columns: [at, shop, corr]}}}\n"
    (tmp_path / "parameters" / "systems" / "shop.yaml").write_text(own)
    write_logs(tmp_path, "app", *[request(clock) for clock in minutes(0, 60)[::10]])
    monkeypatch.chdir(tmp_path)
    view = open_export(tmp_path, system="shop").audit_rows(request="r1")
    assert "no column of access is known to hold a request: call it request_id or trace_id, or name it" in repr(view)
    assert "declares no" not in repr(view)


def test_without_any_log_group_nothing_is_said_to_be_absent(tmp_path: Path):
    """Views over logs are empty, and not configured; what moved needs no logs."""
    (tmp_path / "alarms").mkdir()
    (tmp_path / "alarms" / "a.json").write_text('{"AlarmHistoryItems": []}')
    case = open_export(tmp_path, system="generic")
    for view in (
        case.logs(),
        case.request("x"),
        case.error_groups,
        case.tenants_seen,
        case.insights("fields @message"),
    ):
        assert len(view) == 0
        assert set(statuses(view).values()) == {Status.NOT_CONFIGURED}


def test_events_of_the_baseline_alone_are_groups_too(tmp_path: Path):
    """The export ends before the window, so whether they are gone cannot be told."""
    write_logs(tmp_path, API, *[failure(clock) for clock in minutes(0, 10, 9)])
    case = open_export(tmp_path)
    assert case.error_groups.frame[["events", "baseline_events", "trend"]].to_numpy().tolist() == [[0, 100, "unknown"]]
    assert len(case.group(case.error_groups.ids[0]).before()) == 100


def test_a_group_of_a_log_group_without_a_baseline_has_no_0_in_it(tmp_path: Path):
    """Nothing was read there before: not compared, neither new nor 0."""
    write_logs(tmp_path, API, *[request(clock) for clock in minutes(0, 60, 9) + minutes(0, 60)])
    write_logs(tmp_path, WORKER, *[failure(clock) for clock in minutes(0, 60)[::10]])
    case = open_export(tmp_path)
    assert "(unknown, 60 events, nothing of the baseline to compare with)" in case.group(case.error_groups.ids[0]).title
    assert (
        "Nothing to compare with on the other side, so 0 there is no count: 1 group (unknown)."
        in case.error_groups.notes
    )


def test_a_log_without_tags_says_what_to_switch_on(tmp_path: Path):
    """Statements of the same seconds are not taken for the request's."""
    write_logs(tmp_path, API, request("10:00:01"))
    (tmp_path / "database").mkdir()
    line = "2026-03-04 10:00:01 UTC:10.0.0.1(1):app@dms:[7]:LOG:  duration: 5.0 ms  statement: SELECT 1\n"
    (tmp_path / "database" / "postgresql.log").write_text(line)
    view = open_export(tmp_path).request("r-10:00:01-t1-/documents/1").sql()
    assert len(view) == 0
    assert "No statement of the log says which request sent it: let the application write request_id" in repr(view)


def test_statements_of_a_tenant_are_those_of_sessions_that_set_it(tmp_path: Path):
    """By the session's setting, where the log shows one; how many are known so is said."""
    write_logs(tmp_path, API, request("10:00:01", tenant="t1"))
    (tmp_path / "database").mkdir()
    head = "2026-03-04 10:00:0{} UTC:10.0.0.1(1):app@dms:[{}]:LOG:  duration: 5.0 ms  statement: {}\n"
    said = [
        (1, 7, "SET app.tenant_id = 't1'"),
        (2, 7, "SELECT a FROM b WHERE c = 1"),
        (3, 8, "SELECT a FROM b WHERE c = 2"),
    ]
    (tmp_path / "database" / "postgresql.log").write_text("".join(head.format(*each) for each in said))
    view = open_export(tmp_path).tenant("t1").sql()
    frame = view.frame[view.frame["text"].str.startswith("SELECT")]
    assert frame[["calls", "total_ms"]].to_numpy().tolist() == [[1.0, 5.0]]
    assert "Known by the session's setting: of 3 calls of the window in the log 2 have a tenant so." in repr(view)


def test_statements_known_by_request_ids_rest_on_the_logs_too(tmp_path: Path):
    """A log group that was not read whole is part of the answer; so it is where no statement is found."""
    write_logs(tmp_path, API, request("10:00:01", tenant="t1"))
    (tmp_path / "logs" / API.replace("/", "__") / "part-1.jsonl.gz").write_bytes(b"\x1f\x8b\x08 no gzip")
    (tmp_path / "database").mkdir()
    line = f"{DAY} 10:00:01 UTC:10.0.0.1(1):app@dms:[7]:LOG:  duration: 5.0 ms  statement: SELECT 1\n"
    (tmp_path / "database" / "postgresql.log").write_text(line)
    case = open_export(tmp_path)
    view = case.sql(tenant="t1")
    assert len(view) == 0
    assert not view.is_all_there
    assert {row.pull: row.status for row in view.coverage}[f"logs{API}"] is Status.PARTIAL
    read = case.tenant("t1").frame.set_index("source").loc["statements of the database log", "read"]
    assert "partial" in read


def test_corrected_clocks_are_said(tmp_path: Path):
    """Events stand at their corrected time, the stream by name."""
    lines = []
    for n, clock in enumerate(minutes(0, 60)):
        event = json.loads(request(clock))
        late = n % 3 == 0
        event |= {"logStreamName": "late" if late else f"s{n % 3}", "ingestionTime": event["timestamp"] + 2000}
        event["timestamp"] -= 300_000 * late
        lines.append(json.dumps(event))
    write_logs(tmp_path, API, *lines, failure("10:59:59"))
    case = open_export(tmp_path)
    assert len(case.clock_offsets) == 1
    assert f"those of late of {API}" in repr(case.logs())
    view = case.insights("fields @timestamp | filter @logStream = 'late' | sort @timestamp desc | limit 1")
    late = case.logs().frame.loc[lambda frame: frame["log_stream"] == "late", "timestamp"]
    assert "times here are as recorded, wrong for those of late" in repr(view)
    assert "corrected time" not in repr(view)
    assert pd.to_datetime(view.frame["@timestamp"], utc=True).iloc[0] < late.max()


def test_a_query_that_is_cut_says_so(tmp_path: Path):
    """Without `limit` there are 10,000 rows of events at most."""
    clocks = [f"10:{n // 200:02d}:{n % 200 * 3 // 10:02d}" for n in range(10_010)]
    write_logs(tmp_path, API, *[request(clock) for clock in clocks])
    case = open_export(tmp_path)
    cut, whole, counted = (
        case.insights(query)
        for query in ("fields @timestamp", "fields @timestamp | limit 100000", "stats count(*) by @timestamp")
    )
    assert len(cut) == 10_000
    assert "Cut at 10,000 rows, as Insights does without `limit`: there may be more" in repr(cut)
    assert len(whole) == 10_010
    assert "Cut at" not in repr(whole) + repr(counted)


def test_a_sample_is_said_to_be_one(tmp_path: Path):
    """In every view over log events."""
    profiles = shutil.copytree(SYSTEMS, tmp_path / "systems")
    text = (profiles / "dms.yaml").read_text().replace("logs:\n", "logs:\n  max_events: 300\n", 1)
    (profiles / "dms.yaml").write_text(text)
    write_logs(tmp_path, API, *[request(clock) for clock in minutes(0, 60, 9) + minutes(0, 60)])
    given = {"incident_id": "test", "system": "dms", "start": f"{DAY}T10:00Z", "end": f"{DAY}T11:00Z"}
    found, profile = resolve({**given, "source": f"files:{tmp_path}"}, now=at("12:00"), where="", profiles=profiles)
    source, folder = FilesSource(tmp_path), tmp_path / "report"
    case = Case(found, profile, source, folder, clock=lambda: at("12:00"), profiles=profiles)
    for view in (
        case.logs(),
        case.request("x"),
        case.error_groups,
        case.tenants_seen,
        case.insights("fields @message"),
    ):
        assert "A sample: 1 in 4 log events by time was read; what is not here may still exist." in repr(view)
