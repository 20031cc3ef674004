"""What was refused for lack of capacity."""

import pytest
from builders import DAY, minutes
from capacity_case import FrameFacts, clock_of, course, event, facts_of, found, metric

from ddms_ops.findings import Severity, Verdict

TABLE = {
    "title": "Orders table", "throttles": "refused", "used": "reads", "limit": "provisioned", "components": ["backend"],
}  # fmt: skip
METRICS = {
    "refused": metric("ThrottledRequests"),
    "asked": metric("Requests"),
    "reads": metric("ConsumedReadCapacityUnits", unit="units"),
    "provisioned": metric("ProvisionedReadCapacityUnits", statistic="Average", unit="units"),
}
USUAL = {
    "asked": course(usual=1000),
    "reads": course(usual=1200),
    "provisioned": {"09:00:00": 100.0, "10:00:00": 100.0},
}


def throttled(refused: dict[str, float], **more: object) -> FrameFacts:
    """A table with refusals as given, as sparse as DynamoDB sends them."""
    lines = [event(clock_of(minute)) for minute in range(120)]
    series = {**USUAL, **({"refused": refused} if refused else {})}
    return facts_of({"table": TABLE}, **{"metrics": METRICS, "series": series, "lines": lines, **more})


def test_throttles_begin_with_the_first_bucket_of_the_run():
    """A stray throttle earlier is another stretch; the share is of what was asked."""
    run = {clock_of(100 + n): 300.0 for n in range(20)}
    [finding] = found(throttled({"10:03:00": 1.0, **run}), "throttling")
    assert (finding.severity, str(finding.first_seen)) == (Severity.HIGH, f"{DAY} 10:40:00+00:00")
    assert finding.statement.startswith(f"Orders table: 6,000 requests throttled from {DAY} 10:40 to 10:59 UTC, 30.")


def test_bursts_of_like_size_are_told_together():
    """Three stretches, none of them a stray beside another; since the first."""
    [finding] = found(
        throttled({clock_of(n): 100.0 for n in (65, 66, 67, 90, 91, 92, 93, 115, 116, 117)}), "throttling"
    )
    assert (finding.observed, str(finding.first_seen)) == (1000.0, f"{DAY} 10:05:00+00:00")
    assert f"1,000 requests throttled from {DAY} 10:05 to 10:57 UTC in 3 stretches" in finding.statement


def test_one_point_is_a_rise_where_it_is_far_more_than_the_baseline_had():
    """One throttle before, then 35,000 in a single point; without an exponent."""
    [finding] = found(throttled({"09:20:00": 1.0, "10:25:00": 35_000.0}), "throttling")
    assert (finding.severity.is_above_low, "35,000 requests throttled" in finding.statement) == (True, True)
    assert found(throttled({"09:20:00": 1.0, "10:25:00": 5.0}), "throttling") == []


def test_what_was_expected_is_of_the_time_of_the_rise():
    """A tenth of what came, where it was a tenth before; the first minute after it is no part."""
    [finding] = found(throttled(course({"10:10:00": 400, "10:20:00": 40}, usual=40)), "throttling")
    assert finding.baseline == pytest.approx(finding.observed / 10, rel=0.02)


def test_throttles_below_the_limit_are_said_to_be_so():
    """20 of 100 units a second are used while requests are refused: one part of the table is hot."""
    [finding] = found(throttled({clock_of(100 + n): 30.0 for n in range(20)}), "throttling")
    assert "; at most 20% of its limit was used in that time, so that it was throttled below it" in finding.statement


def test_throttles_have_the_severity_of_their_alert():
    """The runbook's word weighs more than the share."""
    alert = {"title": "Throttled", "severity": "P1", "metric": "refused", "above": 10, "for_s": 300, "steps": ["Look"]}
    run = {clock_of(100 + n): 30.0 for n in range(20)}
    [finding] = found(throttled(run, more={"alerts": {"throttled": alert}}), "throttling")
    assert (finding.severity, "beyond its alert (> 10 requests)" in finding.statement) == (Severity.CRITICAL, True)


def test_no_points_of_a_sparse_metric_are_none():
    """Other metrics have points, so that the pull tells of this one: nothing was refused."""
    assert throttled({}).result("throttling").status is Verdict.CLEAR


def test_no_points_at_all_are_not_clear():
    """Where no metric has points, nothing is known."""
    result = throttled({}, series={}).result("throttling")
    assert result.status is Verdict.NOT_CHECKED
    assert "Orders table: no points of refused, nor of any other metric" in result.reason


def test_points_of_another_service_do_not_tell_of_throttles():
    """An export without the series of the table: that it is absent is not that nothing was refused."""
    metrics = {**METRICS, "cpu": metric("CPUUtilization", statistic="Average", namespace="AWS/RDS")}
    result = throttled({}, metrics=metrics, series={"cpu": course(usual=20)}).result("throttling")
    assert result.status is Verdict.NOT_CHECKED


def test_throttles_as_before_are_no_finding():
    """A table that always refuses some."""
    assert found(throttled(course(usual=40)), "throttling") == []


def test_a_few_throttles_are_low():
    """Fewer than `triage.min_events`."""
    [finding] = found(throttled({"10:20:00": 3.0}), "throttling")
    assert finding.severity is Severity.LOW


def test_throttles_that_rose_begin_where_they_rose():
    """From 40 a minute to 400 at 10:30."""
    [finding] = found(throttled(course({"10:30:00": 400}, usual=40)), "throttling")
    assert (finding.severity, str(finding.first_seen)) == (Severity.HIGH, f"{DAY} 10:30:00+00:00")


def test_errors_tell_where_no_metric_does():
    """Events of the entry's components, with their tenants and endpoints."""
    fields = {"error": "ThrottlingException", "tenant": "t1", "endpoint": "GET /orders/{id}", "status": "500"}
    bad = [event(clock, "put failed", request_id=clock, **fields) for clock in minutes(40, 50)]
    good = [event(clock, tenant="t2", status="200", request_id=f"g{clock}") for clock in minutes(0, 60)]
    [finding] = found(throttled({}, lines=[*good, *bad]), "throttling")
    assert finding.subject == {"component": "backend", "error": "ThrottlingException"}
    assert str(finding.first_seen) == f"{DAY} 10:40:00+00:00"
    assert "; component backend (100); endpoint GET /orders/{id} (100); 1 of 2 tenants hit (50%)" in finding.statement


def test_metric_and_events_are_one_finding():
    """What the components say stands beside what the metric counts, as a second kind of evidence."""
    bad = [event(clock, error="ThrottlingException") for clock in minutes(40, 50)]
    run = {clock_of(100 + n): 30.0 for n in range(20)}
    [finding] = found(throttled(run, lines=bad), "throttling")
    assert (finding.confidence, [ref.kind for ref in finding.evidence]) == ("high", ["logs", "metrics"])


def test_a_profile_without_capacity_says_what_to_declare():
    """Every check of the notebook does."""
    case = facts_of({})
    names = ("throttling", "missing_tasks", "timeouts", "saturation", "cold_starts", "capacity_changes")
    reasons = [case.result(name).reason for name in names]
    assert all(reason.startswith("the profile declares no capacity; declare under capacity") for reason in reasons)
