"""What each check says, over exports small enough to see."""

import json
from pathlib import Path

import pytest
from builders import failure, minutes, open_export, request, write_logs

from ddms_ops.case import Case
from ddms_ops.checks import CHECKS
from ddms_ops.findings import Severity, Verdict

API = "/aws/lambda/dms-api-handler-prod"
WORKER = "/aws/lambda/dms-processing-worker-prod"
HEALTHY = [request(clock, tenant=f"t{n % 4}") for hour in (9, 10) for n, clock in enumerate(minutes(0, 60, hour))]


def write_others(root: Path, *, changes: list[dict] | None = None) -> None:
    """The rest of an export, so that every pull is complete: a worker's log, metrics, trail, alarms."""
    write_logs(root, WORKER, *[request(clock) for hour in (9, 10) for clock in minutes(0, 60, hour)])
    stamps = [f"2026-03-04T{hour:02d}:{minute:02d}:00Z" for hour in (9, 10) for minute in range(60)]
    names = ("api_requests", "api_5xx", "dlq_messages", "queue_depth", "processing_p95_duration")
    series = [{"Id": name, "Label": name, "Timestamps": stamps, "Values": [0.0] * 120} for name in names]
    series[0]["Values"] = [100.0] * 120
    quiet = {"eventTime": "2026-03-04T09:30:00Z", "eventName": "GetKeyPolicy", "eventID": "r", "readOnly": True}
    old = {"AlarmName": "x", "Timestamp": "2026-03-04T10:01:00Z", "HistoryItemType": "StateUpdate"}
    documents = {
        "metrics": {"MetricDataResults": series},
        "trail": {"Records": [quiet, *(changes or [])]},
        "alarms": {"AlarmHistoryItems": [{**old, "HistorySummary": "Alarm updated from ALARM to OK"}]},
    }
    for folder, document in documents.items():
        (root / folder).mkdir(exist_ok=True)
        (root / folder / "a.json").write_text(json.dumps(document))


def case_of(root: Path, *lines: str, changes: list[dict] | None = None) -> Case:
    """A case over healthy traffic and these lines."""
    write_logs(root, API, *HEALTHY, *lines)
    write_others(root, changes=changes)
    return open_export(root)


def test_healthy_traffic_is_clear(tmp_path: Path):
    """Over complete data, nothing found is CLEAR in every check."""
    case = case_of(tmp_path)
    checks = [check.id for check in CHECKS if check.notebook == "error_triage"]
    assert {name: (case.result(name).status, case.result(name).reason) for name in checks} == dict.fromkeys(
        checks, (Verdict.CLEAR, "")
    )


def test_new_error_names_what_where_since_when_and_who(tmp_path: Path):
    """A new error is one finding with its endpoint, its first event and the tenants it hit."""
    bad = [failure(clock, path="/search", tenant="t1") for clock in minutes(20, 40)]
    calls = [request(clock, status=500, path="/search", tenant="t1") for clock in minutes(20, 40)]
    [finding] = case_of(tmp_path, *bad, *calls).result("new_errors").findings
    assert finding.statement == (
        "New error TypeError on GET /search of tenant t1: 200 events since 2026-03-04 10:20 UTC "
        "(sudden, over by 10:40), 1 of 4 tenants hit (25%), 100% fail there. It says: boom"
    )
    assert finding.severity is Severity.CRITICAL
    assert finding.evidence[0].rows == 200
    assert len(finding.evidence[0].ids) == 20


def test_evidence_ids_lead_to_the_rows(tmp_path: Path):
    """An id is the position of the record in the pull's evidence file."""
    from ddms_ops.evidence import read_table

    case = case_of(tmp_path, *[failure(clock) for clock in minutes(20, 40)])
    [finding] = case.result("new_errors").findings
    [ref] = finding.evidence
    table = read_table(case.evidence.path_of(ref.pull))
    rows = [int(name.rsplit(":", 1)[1]) for name in ref.ids]
    assert all("boom" in table["message"][row].as_py() for row in rows)


def test_a_rare_new_error_is_low(tmp_path: Path):
    """A few events are told, but never above LOW."""
    [finding] = case_of(tmp_path, failure("10:20:01"), failure("10:30:01")).result("new_errors").findings
    assert finding.severity is Severity.LOW


def test_an_error_at_its_usual_rate_is_no_finding(tmp_path: Path):
    """What the baseline has as often is not risen."""
    usual = [failure(clock) for hour in (9, 10) for clock in minutes(0, 60, hour)[::10]]
    case = case_of(tmp_path, *usual)
    assert case.result("new_errors").status is Verdict.CLEAR
    assert case.result("risen_errors").status is Verdict.CLEAR


def test_an_error_ten_times_as_often_has_risen(tmp_path: Path):
    """A known error that multiplies is a finding with both rates."""
    before = [failure(clock) for clock in minutes(0, 60, 9)[::60]]
    [finding] = (
        case_of(tmp_path, *before, *[failure(clock) for clock in minutes(30, 60)]).result("risen_errors").findings
    )
    since = "since 2026-03-04 10:30 UTC (sudden, still going on at the end)"
    assert f"300 events {since}, 10 in the baseline" in finding.statement


def test_error_rate_gives_both_shares_and_the_interval(tmp_path: Path):
    """The failing share is compared with the baseline's."""
    bad = [request(clock, status=500) for clock in minutes(30, 40)]
    [finding] = case_of(tmp_path, *bad).result("error_rate").findings
    assert finding.statement.startswith("33.3% of requests failed from 2026-03-04 10:30 to 10:40 UTC (100 of 300)")
    assert finding.severity is Severity.CRITICAL


def test_traffic_drop_is_traffic_not_errors(tmp_path: Path):
    """Fewer requests without failures are a traffic finding only."""
    kept = [line for line in HEALTHY if json.loads(line)["timestamp"] < 1772620200000]
    write_logs(tmp_path, API, *kept, *[request(clock) for clock in minutes(30, 60)[::10]])
    write_others(tmp_path)
    write_logs(tmp_path, WORKER, *[request(clock) for clock in minutes(0, 60, 9)[::60]])
    case = open_export(tmp_path)
    [finding] = case.result("traffic").findings
    assert "Traffic fell to 10% of the baseline from 2026-03-04 10:30 to 11:00 UTC" in finding.statement
    assert not case.result("error_rate").findings
    assert not case.result("new_errors").findings


def test_a_change_before_is_named_and_one_after_is_not(tmp_path: Path):
    """Changes after the onset, failed calls and reads are never listed."""

    def change(clock: str, name: str, **more: object) -> dict:
        call = {"eventTime": f"2026-03-04T{clock}Z", "eventName": name, "eventID": clock, "readOnly": False}
        parameters = {"functionName": "dms-api-handler-prod"}
        return {**call, "eventSource": "lambda.amazonaws.com", "requestParameters": parameters, **more}

    changes = [
        change("10:17:00", "UpdateFunctionCode20150331v2"),
        change("10:25:00", "UpdateFunctionConfiguration20150331v2"),
        change("10:18:00", "DeleteFunction20150331", errorCode="AccessDenied"),
    ]
    case = case_of(tmp_path, *[failure(clock) for clock in minutes(20, 40)], changes=changes)
    [finding] = case.result("changes_before").findings
    assert finding.statement.startswith(
        "UpdateFunctionCode on dms-api-handler-prod at 2026-03-04 10:17 UTC, 3 min before"
    )
    assert "coincident" in finding.statement
    assert finding.confidence == "high"


def test_missing_metrics_are_not_clear(tmp_path: Path):
    """An alert whose metric has no points is NOT_CHECKED, by name."""
    case = case_of(tmp_path)
    (tmp_path / "metrics" / "a.json").unlink()
    result = case.result("alerts")
    assert result.status is Verdict.NOT_CHECKED
    assert "High API Error Rate (5xx)" in result.reason


@pytest.mark.parametrize("damage", ["cut", "absent"])
def test_nothing_is_clear_over_incomplete_logs(tmp_path: Path, damage):
    """A damaged or missing log group takes CLEAR away from the checks that need it."""
    write_logs(tmp_path, API, *HEALTHY)
    write_others(tmp_path)
    worker = tmp_path / "logs" / WORKER.replace("/", "__") / "part-0.jsonl"
    if damage == "cut":
        worker.write_bytes(worker.read_bytes()[:-30])
    else:
        worker.unlink()
        worker.parent.rmdir()
    result = open_export(tmp_path).result("new_errors")
    assert result.status is Verdict.NOT_CHECKED
    assert WORKER.strip("/") in result.reason


def test_without_a_baseline_new_is_not_claimed(tmp_path: Path):
    """No baseline events means that "new" cannot be told."""
    write_logs(tmp_path, API, *[failure(clock) for clock in minutes(20, 40)])
    result = open_export(tmp_path).result("new_errors")
    assert (result.status, result.reason) == (Verdict.NOT_CHECKED, "no log events in the baseline to compare with")


def test_database_alert_counts_matching_log_events(tmp_path: Path):
    """The runbook's "over 10 in 5 minutes" is met by log events that say so."""
    text = "FATAL: remaining connection slots are reserved"
    result = case_of(tmp_path, *[failure(clock, text, error="OperationalError") for clock in minutes(30, 32)]).result(
        "alerts"
    )
    [finding] = [finding for finding in result.findings if finding.subject["alert"] == "database_connection_failures"]
    assert finding.severity is Severity.CRITICAL
    assert finding.next_step.startswith("Check Aurora cluster status")


def test_a_metric_over_its_limit_for_too_short_is_no_alert(tmp_path: Path):
    """5 % must hold for five minutes."""
    case = case_of(tmp_path)
    path = tmp_path / "metrics" / "a.json"
    document = json.loads(path.read_text())
    document["MetricDataResults"][1]["Values"] = [50.0 if 80 <= minute < 84 else 0.0 for minute in range(120)]
    path.write_text(json.dumps(document))
    assert case.result("alerts").status is Verdict.CLEAR


def test_findings_are_ranked_across_checks(tmp_path: Path):
    """Ranks run from 1 over all findings, the worst and most telling first."""
    case = case_of(
        tmp_path, *[failure(clock) for clock in minutes(20, 40)], *[request(c, status=500) for c in minutes(20, 40)]
    )
    for check in CHECKS:
        case.result(check.id)
    found = sorted((f for result in case.results for f in result.findings), key=lambda f: f.rank)
    assert [finding.rank for finding in found] == list(range(1, len(found) + 1))
    assert found[0].check == "new_errors"
    assert [finding.severity.order for finding in found] == sorted(finding.severity.order for finding in found)
