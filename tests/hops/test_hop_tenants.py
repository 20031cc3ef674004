"""A tenant: what there is of it, source by source, against the export and what was planted."""

import json
from pathlib import Path

import pytest
from hop_export import API, WORKER, audit_of, within

from ddms_ops.case import Case
from ddms_ops.errors import BadInput


def of(case: Case, root: Path, tenant: str) -> list[dict]:
    """Events of a tenant in the window by the plain reading."""
    window = case.window
    every = (event for group in (API, WORKER) for _, event in within(root / "export", group, window.start, window.end))
    return [event for event in every if event.get("tenantId") == tenant]


def rows(case: Case, tenant: str) -> dict[str, int]:
    """Rows of each source of a tenant that was looked at."""
    table = case.tenant(tenant).frame.dropna(subset=["rows"])
    return {str(name): int(n) for name, n in zip(table["source"], table["rows"], strict=True)}


def test_a_tenant_has_a_row_for_each_source(deploy: Case, deploy_root: Path):
    """Counted as the plain reading counts."""
    tenant, export, window = "tenant-019", deploy_root / "export", deploy.window
    counted, mine = rows(deploy, tenant), of(deploy, deploy_root, tenant)
    assert counted["log events"] == len(mine)
    assert counted["log events at ERROR"] == sum(event["level"] == "error" for event in mine)
    assert counted["requests and jobs"] == sum("status" in event for event in mine)
    trail = audit_of(export, "audit_logs", window.start, window.end)
    assert counted["audit rows of audit_logs"] == sum(tenant in (r["tenant_id"], r["user_tenant_id"]) for r in trail)
    made = audit_of(export, "documents", window.start, window.end)
    assert counted["audit rows of documents"] == sum(row["tenant_id"] == tenant for row in made)


def test_what_a_row_says_to_look_at_gives_as_many(deploy: Case):
    """Each call of the table gives the rows that it counts."""
    table = deploy.tenant("tenant-016").frame
    known = table[table["rows"].notna() & ~table["source"].str.contains("others")]
    for row in known.itertuples():
        assert len(eval(row.look, {"case": deploy})) == row.rows, row.source


def test_events_of_others_that_mention_it_are_counted_apart(deploy: Case):
    """The scan service's lines hold the tenant in a path, and name none."""
    found = deploy.logs(contains="tenant-019").frame
    others = found[found["tenant"].astype("str") != "tenant-019"]
    assert rows(deploy, "tenant-019")["log events of others that mention it"] == len(others) > 0


def test_spelling_does_not_matter_where_the_system_folds_it(deploy: Case):
    """Case, hyphens and space around; the view has the system's own spelling."""
    assert deploy.tenant(" TENANT019 ").id == "tenant-019"
    assert deploy.logs(tenant="TENANT-019").call == "case.logs(tenant='tenant-019')"
    assert len(deploy.logs(tenant="TENANT-019")) == len(deploy.logs(tenant="tenant-019"))


def test_a_tenant_that_nothing_names_is_refused(deploy: Case):
    """With the nearest name and how to list them; a part of a name is none."""
    with pytest.raises(BadInput, match="no tenant 'tenant-0199'; did you mean 'tenant-019'.; case.tenants_seen lists"):
        deploy.tenant("tenant-0199")
    with pytest.raises(BadInput, match="no tenant 'tenant-01'"):
        deploy.logs(tenant="tenant-01")


def test_tenants_seen_are_those_of_the_logs(deploy: Case, deploy_root: Path):
    """Each with its events and failures, most failures first; it opens by its name."""
    seen = deploy.tenants_seen
    planted = json.loads((deploy_root / "truth.json").read_text())
    assert len(seen) == planted["tenants_seen"]
    assert seen.frame["failed"].is_monotonic_decreasing
    assert seen["tenant-019"].id == "tenant-019"
    events = seen.frame.set_index("tenant")["events"]
    assert events["tenant-016"] == len(of(deploy, deploy_root, "tenant-016"))


def test_findings_of_a_tenant_name_it(deploy: Case):
    """As a word of its own: tenant-01 is not tenant-019; checks that were not made are not looked through."""
    deploy.result("who_is_hit")
    found = deploy.tenant("tenant-019").findings()
    named = found.frame[found.frame["how"] == "named"]
    assert "who_is_hit" in named["id"].str.rpartition("-")[0].tolist()
    assert named["statement"].str.contains("tenant-019").all()
    assert "a section that was not run has none here" in repr(found)


def test_a_finding_that_a_tenants_requests_are_in_is_its_own(deploy: Case, deploy_root: Path):
    """Though no word of it names the tenant; with how many of its requests, as they were planted."""
    planted = json.loads((deploy_root / "truth.json").read_text())["failing_by_tenant"]
    worst = next(f for f in deploy.result("new_errors").findings if planted_error(deploy_root) in f.subject["message"])
    names = {row.tenant: row.requests for row in deploy.tenants_seen.frame.itertuples()}
    name = next(each for each in sorted(planted, key=planted.get) if each not in worst.statement)
    found = deploy.tenant(name).findings().frame.set_index("id")
    assert found.loc[worst.id, "how"] == f"{planted[name]} request{'s' * (planted[name] > 1)} of it"
    spared = next(each for each, number in names.items() if number and each not in planted)
    assert worst.id not in set(deploy.tenant(spared).findings().frame["id"])
    assert len(deploy.tenant(name).requests(failed=True)) == len(deploy.requests_of(tenant=name, failed=True))


def planted_error(root: Path) -> str:
    """Words of the error that was planted."""
    return json.loads((root / "truth.json").read_text())["message_contains"]


def test_who_reached_a_tenants_records_stands_in_its_audit_rows(leak: Case, leak_root: Path):
    """A leaked read is a row of both tenants: of who acted, and of whose the record is where a column says so."""
    planted = json.loads((leak_root / "truth.json").read_text())["leak"]
    actor, _, number = planted["cells"][0]
    mine = leak.tenant(actor).audit()
    leaked = {name for kind in planted["classes"].values() for name in kind["audit_ids"]}
    assert number <= len(leaked & set(mine.frame["id"]))


def test_crossings_are_counted_once_the_trail_was_asked(leak: Case):
    """A hop puts no further question to the database's trail; it says that none was put."""
    table = leak.tenant("tenant-013").frame.set_index("source")
    assert table.loc["rows across tenants", "read"] == "not looked at yet"
    crossed = leak.crossings
    table = leak.tenant("tenant-013").frame.set_index("source")
    assert (
        table.loc["rows across tenants", "rows"]
        == ((crossed["actor"] == "tenant-013") | (crossed["owner"] == "tenant-013")).sum()
    )
    assert table.loc["rows across tenants", "rows"] > 0
