"""What the check says of witnesses."""

from dataclasses import replace
from pathlib import Path

import pytest
from witness_builders import DMS, LECTURE, WINDOW, Evidence, called, declaring, of_logs, of_nothing, trail

from ddms_ops.analysis.object_witnesses import data_event_gaps, object_witnesses
from ddms_ops.checks.base import Check, run_check
from ddms_ops.checks.tenant_witnesses import check_tenant_witnesses, witnesses_doubt, witnesses_note
from ddms_ops.findings import CheckResult, Severity, Verdict
from ddms_ops.normalize.object_access import object_accesses
from ddms_ops.tenancy import LogTenants, Tenants

CHECK = Check(
    "tenant_witnesses", "tenant_leakage_audit", "Do logs or object accesses show one tenant reaching another's data?",
    (), check_tenant_witnesses, witnesses_note, witnesses_doubt,
)  # fmt: skip


def judged(facts: Evidence) -> CheckResult:
    """The check's result over some evidence."""
    return run_check(CHECK, facts)


def crossing(number: int, *, kind: str = "path", status: int = 200, user: str = "u1") -> dict:
    """A request of t1 for t2's."""
    reached = {"path": f"/tenants/t2/d/{number}"} if kind == "path" else {"resourceTenantId": "t2"}
    return {"tenantId": "t1", "requestId": f"r{number}", "status": status, "userId": user, **reached}


def test_requests_are_one_finding_a_pair_and_kind(tmp_path: Path):
    """How many responses, for whom, seen how, from when to when, how many users; with the rows behind it."""
    result = judged(of_logs(tmp_path, *(crossing(number, user=f"u{number % 3}") for number in range(4))))
    [finding] = result.findings
    assert finding.statement == (
        "tenant t1 got 4 responses for tenant t2 (token against path), 2026-03-04 10:01 to 10:01 UTC, 3 users"
    )
    assert (finding.severity, finding.evidence[0].ids[0], finding.evidence[0].rows) == (Severity.HIGH, "logs/api:0", 4)


@pytest.mark.parametrize(
    ("number", "kind", "severity"), [(9, "path", "high"), (10, "path", "critical"), (1, "object", "critical")]
)
def test_many_requests_or_what_was_returned_is_critical(tmp_path: Path, number, kind, severity):
    """What was handed out is worse than what was asked for, until it is asked for often."""
    [finding] = judged(of_logs(tmp_path, *(crossing(place, kind=kind) for place in range(number)))).findings
    assert finding.severity == severity


def test_refused_attempts_stand_apart(tmp_path: Path):
    """A request that was refused disclosed nothing."""
    [finding] = judged(of_logs(tmp_path, crossing(1, status=403), crossing(2, status=404))).findings
    assert finding.severity is Severity.LOW
    assert finding.statement.startswith("blocked: 2 attempts of tenant t1 on tenant t2 refused (token against path)")


def test_searches_without_a_filter_are_told_by_endpoint(tmp_path: Path):
    """Ids on the path are masked."""
    events = [
        {"requestId": f"r{n}", "tenantId": "t1", "path": f"/search/v1/index-{n}", "status": 200} for n in range(3)
    ]
    [finding] = judged(of_logs(tmp_path, *events)).findings
    assert finding.statement.startswith("3 searches of /search/v1/{id} without a tenant filter")


def test_cache_keys_without_a_tenant_are_one_finding(tmp_path: Path):
    """A key that names no tenant may answer anybody."""
    events = [{"tenantId": f"t{n}", "cache": "HIT", "cacheKey": f"doc-{n}"} for n in range(3)]
    [finding] = judged(of_logs(tmp_path, *events)).findings
    assert finding.statement.startswith("3 responses out of a cache by keys that name no tenant, to 3 tenants")


def test_names_are_redacted_and_on_one_line(tmp_path: Path):
    """Tenant ids come out of logs."""
    event = {"tenantId": "ann@example.org\n# x", "path": "/tenants/t2/d"}
    [finding] = judged(of_logs(tmp_path, event)).findings
    assert finding.statement.startswith("tenant [email d3991b] # x got 1 response for tenant t2")


def test_clean_logs_that_name_tenants_are_clear(tmp_path: Path):
    """Every request stayed with its tenant."""
    assert judged(of_logs(tmp_path, {"tenantId": "t1", "path": "/tenants/t1/d"})).status is Verdict.CLEAR


@pytest.mark.parametrize(
    ("event", "key"),
    [
        ({"path": "/health"}, "token_tenant"),
        ({"tenantId": "t1"}, "path_tenant"),
        ({"path": "/tenants/t1"}, "token_tenant"),
    ],
)
def test_logs_that_do_not_say_are_not_clear(tmp_path: Path, event, key):
    """Where no event names two tenants, the check says which key of the profile would help."""
    result = judged(of_logs(tmp_path, event))
    assert result.status is Verdict.NOT_CHECKED
    assert key in result.reason


@pytest.mark.parametrize(("tenants", "words"), [(None, "declares no tenants"), ({}, "tenants.logs")])
def test_a_profile_without_tenants_is_not_checked(tenants, words):
    """The reason names the section."""
    result = judged(of_nothing(tenants))
    assert (result.status, words in result.reason) == (Verdict.NOT_CHECKED, True)


def lecture(*rows: dict) -> Evidence:
    """The lecture system: buckets by tenant, accounts by tenant, no tenants in logs."""
    accesses = object_accesses(trail(*rows))
    found = object_witnesses(accesses, LECTURE, folded=True, window=WINDOW)
    gaps = data_event_gaps(accesses, LECTURE, window=WINDOW)
    return Evidence(declaring(Tenants(objects=LECTURE)), found, gaps)


def test_buckets_and_accounts_are_enough():
    """An access of one account to another tenant's bucket; what was refused apart."""
    result = judged(
        lecture(
            called("10:01", "GetObject", "111111111111", "edt-media", "a"),
            called("10:02", "GetObject", "222222222222", "unilux-media", "a", errorCode="AccessDenied"),
        )
    )
    assert [(finding.severity, finding.subject["actor"], finding.subject["owner"]) for finding in result.findings] == [
        (Severity.CRITICAL, "dhbw", "edt"),
        (Severity.LOW, "edt", "unilux"),
    ]
    assert "more may hide: no access to an S3 object was recorded" in result.reason


def test_hours_without_data_events_are_not_clear():
    """Every hour recorded: clear. One dropped: found nothing, but cannot tell."""
    hours = [called(f"{hour}:30", "GetObject", "111111111111", "dhbw-media", "a") for hour in (10, 11, 12, 13)]
    assert judged(lecture(*hours)).status is Verdict.CLEAR
    result = judged(lecture(*hours[:2], hours[3]))
    assert (result.status, "2026-03-04T12:00:00Z to 2026-03-04T13:00:00Z" in result.reason) == (
        Verdict.NOT_CHECKED,
        True,
    )


def test_a_sample_is_said(tmp_path: Path):
    """Numbers of a sample of the events are named as such."""
    facts = replace(of_logs(tmp_path, crossing(1)), sample=(4, 100, 100))
    assert "(in a sample of 1 in 4)" in judged(facts).findings[0].statement


def test_statements_name_no_reason(tmp_path: Path):
    """They say what coincides, never what led to it."""
    facts = of_logs(tmp_path, crossing(1), crossing(2, status=403), declared=LogTenants(**DMS.model_dump()))
    words = " ".join(finding.statement for finding in judged(facts).findings)
    assert not any(verb in words for verb in ("caused", "because", "due to", "led to"))
