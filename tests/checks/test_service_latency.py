"""Data services that are no Postgres: what rose, what was throttled, and which keys and tenants carry it."""

import json
from pathlib import Path

import pytest
from builders import DAY, envelope, minutes, open_export, write_logs

from ddms_ops.case import Case
from ddms_ops.checks.base import CannotTell
from ddms_ops.checks.service_latency import check_service_latency, unseen_services
from ddms_ops.findings import Finding, Severity

LOG = "/aws/lambda/opendata-pulse-etl"
ERROR = "ProvisionedThroughputExceededException"


def case_of(root: Path, *lines: str, system: str = "opendata-pulse", **series: list[float]) -> Case:
    """A case with metrics every 5 minutes from 09:00 to 11:00, and log lines."""
    stamps = [f"{DAY}T{9 + n // 12:02d}:{n % 12 * 5:02d}:00Z" for n in range(24)]
    results = [{"Id": name, "Label": name, "Timestamps": stamps, "Values": values} for name, values in series.items()]
    (root / "metrics").mkdir(parents=True)
    (root / "metrics" / "a.json").write_text(json.dumps({"MetricDataResults": results}))
    write_logs(root, LOG, envelope("09:30:00", "START"), envelope("10:30:00", "START"), *lines)
    return open_export(root, system=system)


LATENCIES = {name: [50.0] * 24 for name in ("api_max_latency", "target_response_time", "etl_duration", "table_latency")}
"""The latencies that opendata-pulse declares, but one."""


def throttled(clock: str, **fields: object) -> str:
    """A log event about a throttled call."""
    return envelope(clock, {"level": "error", "error": ERROR, "message": "put failed", "requestId": clock} | fields)


def flat(usual: float, *last: float) -> list[float]:
    """A series about a value with a little scatter, ending as said."""
    return [usual + n % 5 / 10 * usual / 5 for n in range(24 - len(last))] + list(last)


def one(case: Case) -> Finding:
    """The only finding."""
    [finding] = check_service_latency(case)
    return finding


def test_quiet_services_are_no_finding(tmp_path: Path):
    """Latencies about their baseline's; throttles without points, as DynamoDB sends none while there are none."""
    assert check_service_latency(case_of(tmp_path, api_latency=flat(100), **LATENCIES)) == []


def test_a_latency_without_points_is_not_clear(tmp_path: Path):
    """It is named, and that the others did not rise."""
    with pytest.raises(CannotTell, match="no points of: GraphQL API latency; the others did not rise"):
        check_service_latency(case_of(tmp_path, **LATENCIES))


def test_a_latency_that_rose_is_medium(tmp_path: Path):
    """Three times its baseline for half an hour, under its target."""
    finding = one(case_of(tmp_path, api_latency=flat(100, *[300.0] * 6)))
    assert finding.severity is Severity.MEDIUM
    assert finding.statement.startswith(
        f"GraphQL API latency rose: 300 ms on average and at most 300 from {DAY} 10:30 to 10:55 UTC"
    )


def test_a_latency_over_its_target_says_so(tmp_path: Path):
    """Less than `triage.rise` times the baseline's, over the target that the profile declares."""
    finding = one(case_of(tmp_path, api_latency=flat(1500, *[2600.0] * 6)))
    assert (finding.severity, "over its target of 2000 ms" in finding.statement) == (Severity.MEDIUM, True)


def test_throttles_have_the_severity_of_their_alert(tmp_path: Path):
    """P2 of the runbook is HIGH; which key it was, DynamoDB does not tell."""
    finding = one(case_of(tmp_path, table_throttles=[0.0] * 20 + [40.0, 50.0, 0.0, 0.0]))
    assert finding.severity is Severity.HIGH
    assert finding.statement == (
        f"Throttled requests of hot-aggregates: 90 requests throttled from {DAY} 10:40 to 10:45 UTC"
        " (0 expected from the baseline). DynamoDB does not tell which key; switch on Contributor Insights for the"
        " table"
    )


def test_throttles_as_often_as_before_are_no_finding(tmp_path: Path):
    """A table that always throttles a little is not news."""
    assert check_service_latency(case_of(tmp_path, table_throttles=[3.0] * 24, api_latency=flat(9), **LATENCIES)) == []


def test_throttles_of_a_function_are_a_share_of_its_invocations(tmp_path: Path):
    """Invocations leave out those throttled, so that the share is over both."""
    series = {"etl_throttles": [0.0] * 20 + [100.0] * 4, "etl_invocations": [300.0] * 24}
    finding = one(case_of(tmp_path, **series))
    assert (finding.severity, "25.0% of those that came" in finding.statement) == (Severity.HIGH, True)


def test_capacity_is_units_a_second_over_what_is_provisioned(tmp_path: Path):
    """33,000 units in 5 minutes are 110 a second."""
    series = {"table_reads": flat(6000, *[33_000.0] * 3), "table_read_limit": [100.0] * 24}
    finding = one(case_of(tmp_path, **series))
    assert finding.severity is Severity.MEDIUM
    assert finding.statement.startswith("Read capacity of hot-aggregates: up to 110% of what is provisioned was used")


def test_throttling_in_logs_names_table_tenant_and_hot_key(tmp_path: Path):
    """Of the generic system, where nothing is declared."""
    usual = [
        envelope(
            clock,
            {"level": "info", "message": "put", "tenantId": f"t{n % 9}", "pk": f"K{n % 20}", "tableName": "orders"},
        )
        for n, clock in enumerate(minutes(0, 30))
    ]
    bad = [
        throttled(clock, tenantId="t3", pk=f"K{7 if n % 5 else 8}", tableName="orders")
        for n, clock in enumerate(minutes(40, 50))
    ]
    finding = one(case_of(tmp_path, *usual, *bad, system="generic"))
    assert finding.statement.startswith(
        f"{ERROR} at orders: 100 events from {DAY} 10:40 to 10:49 UTC, 0 in the baseline"
    )
    assert "; 100% of tenant t3; pk K7 is 80 of the 100 events that name one (80%; of all events that do, 24%)" in (
        finding.statement
    )


def test_throttling_in_logs_without_a_key_says_how_to_get_it(tmp_path: Path):
    """The table is read from an ARN in the message."""
    arn = "arn:aws:dynamodb:ap-southeast-2:1:table/hot-aggregates"
    finding = one(case_of(tmp_path, *[throttled(clock, message=f"put {arn} failed") for clock in minutes(40, 50)]))
    assert f"{ERROR} at hot-aggregates" in finding.statement
    assert finding.statement.endswith("switch on Contributor Insights for the table")


def test_a_few_throttled_events_are_low(tmp_path: Path):
    """Fewer than `triage.min_events`."""
    assert one(case_of(tmp_path, throttled("10:40:00"))).severity is Severity.LOW


def test_throttling_as_in_the_baseline_is_no_finding(tmp_path: Path):
    """The rate counts, not the presence."""
    lines = [throttled(clock) for hour in (9, 10) for clock in minutes(0, 10, hour)]
    assert check_service_latency(case_of(tmp_path, *lines, api_latency=flat(9), **LATENCIES)) == []


def test_nothing_declared_or_seen_cannot_be_told(tmp_path: Path):
    """It says what to declare; declared metrics without points are named."""
    with pytest.raises(CannotTell, match="declare under metrics e.g. table_throttles"):
        check_service_latency(case_of(tmp_path / "a", system="generic"))
    with pytest.raises(CannotTell, match="no points of: .*Throttled requests of hot-aggregates"):
        check_service_latency(case_of(tmp_path / "b"))
    assert "GraphQL API latency" in unseen_services(case_of(tmp_path / "c", table_throttles=[0.0] * 24), [])


def test_a_metric_nobody_declared_is_known_by_its_name(tmp_path: Path):
    """CloudWatch names that mean one thing count in any export."""
    finding = one(case_of(tmp_path, system="generic", ThrottledRequests=[0.0] * 20 + [30.0] * 4))
    assert (finding.severity, finding.observed) == (Severity.MEDIUM, 120.0)


def test_hostile_values_are_cut_and_redacted(tmp_path: Path):
    """A key that is an e-mail address, and a table name of a thousand letters."""
    bad = [throttled(clock, pk="eve@example.com", tableName="t" * 119) for clock in minutes(40, 50)]
    finding = one(case_of(tmp_path, *bad, system="generic"))
    assert "eve@" not in finding.statement
    assert len(finding.statement) < 600
