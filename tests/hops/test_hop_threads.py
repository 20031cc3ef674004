"""A thread: from a group of errors to a request, its statements and audit rows, its tenant, and a healthy one."""

import json
from pathlib import Path

import pandas as pd
import pytest
from hop_export import API, WORKER, audit_of, messages, tagged_statements, within

from ddms_ops.case import Case, open_case
from ddms_ops.errors import BadInput


def truth(root: Path) -> dict:
    """What was planted."""
    return json.loads((root / "truth.json").read_text())


def failing(case: Case) -> str:
    """The group of the planted error."""
    groups = case.groups
    return str(groups.loc[groups["error"] == "TypeError", "group"].iloc[0])


def test_a_group_leads_to_its_lines_requests_and_tenants(deploy: Case, deploy_root: Path):
    """As many as were planted, of the tenants they were planted for."""
    planted = truth(deploy_root)
    group = deploy.group(failing(deploy))
    assert len(group.lines()) == planted["failing_requests"]
    assert len(group.requests()) == int(group.requests().frame["failed"].sum()) == planted["failing_requests"]
    tenants = group.tenants().frame.set_index("tenant")
    assert tenants["hit"].to_dict() == planted["failing_by_tenant"]
    assert len(group.before()) == 0


def test_the_share_of_a_tenant_is_of_all_its_requests(deploy: Case, deploy_root: Path):
    """Those hit over those that ended, jobs too."""
    export, window = deploy_root / "export", deploy.window
    every = [event for group in (API, WORKER) for _, event in within(export, group, window.start, window.end)]
    ended = [event for event in every if event.get("tenantId") == "tenant-019" and "status" in event]
    row = deploy.group(failing(deploy)).tenants().frame.set_index("tenant").loc["tenant-019"]
    assert row["requests"] == len(ended)
    assert row["share"] == row["hit"] / len(ended)


def test_error_groups_open_by_their_id_and_by_its_beginning(deploy: Case):
    """As a mapping does; any group opens, not only those of errors."""
    groups = deploy.error_groups
    assert groups[failing(deploy)].id == groups[failing(deploy)[:5]].id == failing(deploy)
    assert list(groups) == list(groups.keys()) == groups.frame["group"].tolist()
    assert failing(deploy) in groups
    chatter = deploy.groups.loc[deploy.groups["level"] == "INFO", "group"].iloc[0]
    assert chatter not in groups
    assert len(deploy.group(chatter).lines()) == deploy.groups.set_index("group").loc[chatter, "events"]


def test_a_request_is_all_its_lines_across_log_groups(deploy: Case, deploy_root: Path):
    """An upload and the job it started, by time, by the plain reading too."""
    frame = deploy.log_events
    both = set(frame.loc[frame["log_group"] == API, "request_id"].dropna())
    name = next(each for each in frame.loc[frame["log_group"] == WORKER, "request_id"].dropna() if each in both)
    view = deploy.request(name)
    plain = sorted(
        (at, group)
        for group in (API, WORKER)
        for at, text in messages(deploy_root / "export", group)
        if name in text and json.loads(text)["requestId"] == name
    )
    assert list(zip(view.frame["timestamp"], view.frame["log_group"], strict=True)) == plain
    assert view.is_all_there
    assert len(view.pulls) == 6


def test_a_line_leads_to_its_request(deploy: Case):
    """By the number of its row, which is shown."""
    lines = deploy.group(failing(deploy)).lines()
    assert lines.request(3).id == lines.frame["request_id"].iloc[3]
    assert lines.tenant(3).id == lines.frame["tenant"].iloc[3]
    assert lines.request().id == lines.frame["request_id"].iloc[0]
    assert lines.request(3).tenant().id == lines.frame["tenant"].iloc[3]
    assert repr(lines).splitlines()[1].startswith("n | timestamp | level | log_group | message | tenant | request_id")


def test_statements_of_a_request_are_those_that_state_it(deploy: Case, deploy_root: Path):
    """Their request id stands in the comment of the SQL; a plan beside the call adds no time."""
    [(took, name), *_] = tagged_statements(deploy_root / "export")
    view = deploy.sql(request=name)
    calls = view.frame[view.frame["kind"] != "plan"]
    assert calls["duration_ms"].tolist() == [float(took)]
    assert f"Statements of request {name}, {float(took):,.0f} ms in all" in repr(view)
    assert view.frame["request_id"].eq(name).all()
    assert set(view.pulls) == {"database_log", "database_log.baseline"}


def test_a_request_without_a_statement_says_how_many_state_one(deploy: Case, deploy_root: Path):
    """And that short calls are not logged; nothing is linked by its time."""
    stated = {name for _, name in tagged_statements(deploy_root / "export")}
    lines = deploy.group(failing(deploy)).lines().frame
    name = next(each for each in lines["request_id"] if each not in stated)
    view = deploy.request(name).sql()
    assert len(view) == 0
    assert "calls of the window in the log state a request, none of them this one" in repr(view)


def test_audit_rows_of_a_request_name_it(deploy: Case, deploy_root: Path):
    """Those of the table's file with its request id."""
    rows = audit_of(deploy_root / "export", "audit_logs", deploy.window.start, deploy.window.end)
    row = next(row for row in rows if row["action"] == "document.download")
    view = deploy.request(row["request_id"]).audit()
    assert view.frame["id"].tolist() == [each["id"] for each in rows if each["request_id"] == row["request_id"]]
    assert view.frame["timestamp"].tolist() == [pd.Timestamp(row["created_at"])]
    assert view.pulls == ("audit/audit_logs",)
    assert view.tenant(0).id == row["tenant_id"]


def test_audit_rows_of_a_request_of_the_baseline_are_not_said_to_be_none(deploy: Case, deploy_root: Path):
    """The tables are read in the window only, and the view says so."""
    ids = set(deploy.logs(side="baseline").frame["request_id"].dropna())
    day = pd.Timestamp("2026-03-04T00:00Z"), deploy.window.start
    row = next(row for row in audit_of(deploy_root / "export", "audit_logs", *day) if row["request_id"] in ids)
    view = deploy.request(row["request_id"]).audit()
    assert len(view) == 0
    assert not view.is_all_there
    assert "audit tables are read in the window only" in view.coverage[-1].reason
    assert deploy.audit_rows(request="of nobody").is_all_there


def test_a_healthy_request_is_of_the_same_endpoint_and_went_well(deploy: Case):
    """No error, a status under 400."""
    ill = deploy.group(failing(deploy)).lines().request(0)
    well = ill.healthy()
    assert set(well.frame["endpoint"].dropna()) == set(ill.frame["endpoint"].dropna())
    assert not well.frame["is_error"].any()
    assert well.frame["status"].dropna().iloc[0] == "201"


def test_a_request_like_no_other_has_no_healthy_one(logs_alone: Case):
    """It says why in one line, and that not all was read."""
    with pytest.raises(BadInput, match="its lines name no endpoint, so none is like it; 2 of 4 pulls are not complete"):
        logs_alone.request("nothing of the kind").healthy()


def test_requests_of_a_tenant_are_the_ended_ones(deploy: Case, deploy_root: Path):
    """As many failed as the plain reading counts."""
    export, window = deploy_root / "export", deploy.window
    every = [event for group in (API, WORKER) for _, event in within(export, group, window.start, window.end)]
    mine = [str(event["status"]) for event in every if event.get("tenantId") == "tenant-016" and "status" in event]
    view = deploy.tenant("tenant-016").requests()
    assert sorted(view.frame["status"]) == sorted(mine)
    failed = deploy.requests_of(tenant="tenant-016", failed=True)
    assert len(failed) == sum(status.startswith("5") or status == "FAILED" for status in mine)


def test_a_statement_shows_its_slowest_calls_and_whose_request_they_are(deploy: Case, deploy_root: Path):
    """Slowest first; a call that states its request leads to it."""
    stated = dict(reversed(pair) for pair in tagged_statements(deploy_root / "export"))
    name = deploy.sql(request=next(iter(stated))).frame["statement"].iloc[0]
    view = deploy.statement(name[:6])
    assert view.id == name
    assert view.frame["duration_ms"].is_monotonic_decreasing
    assert view.request(0).id == view.frame["request_id"].iloc[0]
    assert len(view) == deploy.statements.frame.set_index("statement").loc[name, "calls"]


def test_a_finding_shows_the_records_that_it_rests_on(deploy: Case):
    """Of a check that is made now if need be; the records are those that its references name."""
    found = deploy.result("alarms").findings[0]
    view = deploy.finding(found.id[:10])
    assert view.finding.statement in repr(view)
    ids = [f"{pull}:{row}" for pull, row in zip(view.frame["pull"], view.frame["row"], strict=True)]
    assert ids == [name for ref in found.evidence for name in ref.ids]
    assert view.pulls == tuple(ref.pull for ref in found.evidence)
    assert found.id in deploy.findings


def test_a_finding_of_another_notebook_shows_its_records_too(deploy: Case, deploy_root: Path):
    """Its evidence lies in the folder of the case; nothing is pulled again."""
    name = deploy.result("error_rate").findings[0].id
    other = open_case(out=str(deploy_root / "reports"), **deploy.incident.as_dict())
    assert name in other.findings
    pd.testing.assert_frame_equal(other.finding(name).frame, deploy.finding(name).frame)
    assert other.coverage == []


def test_a_query_gives_its_rows(deploy: Case):
    """By its text or by the profile's name for it."""
    text = 'fields @timestamp, requestId | filter level = "error" | sort @timestamp asc | limit 5'
    view = deploy.insights(text)
    wanted = deploy.logs(level="error", component="api").frame["request_id"].head(5)
    assert view.frame["requestId"].tolist() == wanted.tolist()
    assert len(deploy.insights("tenant_actions", tenant="tenant-019")) > 0
    with pytest.raises(BadInput, match="no tenant"):
        deploy.insights("tenant_actions", tenant="' or 1=1")


def test_a_query_about_a_tenant_is_not_asked_without_one(deploy: Case):
    """The placeholder is no tenant of whom there are no rows; other queries lead there only with one."""
    with pytest.raises(BadInput, match="it asks for TENANT_ID_HERE; give the tenant too"):
        deploy.insights("tenant_actions")
    assert not [hop for hop in deploy.insights("recent_errors").hops if "tenant_actions" in hop]
    hops = deploy.insights("recent_errors", tenant="tenant-019").hops
    assert "case.insights('tenant_actions', tenant='tenant-019')" in hops
    for hop in hops:
        assert eval(hop, {"case": deploy}).call == hop


VIEWS = (
    "case.error_groups", "case.group({group!r})", "case.group({group!r}).lines()", "case.group({group!r}).before()",
    "case.group({group!r}).requests()", "case.group({group!r}).tenants()", "case.logs(contains='expired')",
    "case.logs(start='10:30', end='11:00', component='api')", "case.request({request!r})",
    "case.request({request!r}).sql()", "case.request({request!r}).audit()", "case.request({request!r}).healthy()",
    "case.request({request!r}).raw(0)", "case.tenants_seen", "case.tenant('tenant-019')",
    "case.tenant('tenant-019').audit()", "case.tenant('tenant-019').sql()", "case.tenant('tenant-019').findings()",
    "case.requests_of(tenant='tenant-019', failed=True)", "case.audit_rows(tenant='tenant-019', table='documents')",
    "case.changes_seen", "case.change(1)", "case.change(1).moved()", "case.change(1).moved(minutes=5)", "case.findings",
    "case.finding({finding!r})", "case.statements", "case.statement({statement!r})", "case.insights('recent_errors')",
)  # fmt: skip


@pytest.mark.parametrize("call", VIEWS)
def test_what_a_view_calls_itself_gives_it_again(deploy: Case, call: str):
    """The same rows, title and coverage, whatever call it came from."""
    group = failing(deploy)
    names = {
        "group": group,
        "request": deploy.logs(group=group).frame["request_id"].iloc[0],
        "finding": deploy.result("error_rate").findings[0].id,
        "statement": deploy.statements.ids[0],
    }
    first = eval(call.format(**names), {"case": deploy})
    again = eval(first.call, {"case": deploy})
    pd.testing.assert_frame_equal(again.frame, first.frame)
    assert (again.title, again.pulls, again.call) == (first.title, first.pulls, first.call)
    assert first.coverage
    assert f"This view: {first.call}" in repr(first)
    for hop in first.hops[:1]:
        assert eval(hop, {"case": deploy}).call
