"""What is full."""

import pytest
from builders import DAY
from capacity_case import FrameFacts, clock_of, course, facts_of, found, metric

from ddms_ops.findings import Severity, Verdict

CPU = {"title": "Database CPU", "used": "cpu", "most": 100}
METRICS = {"cpu": metric("CPUUtilization", statistic="Average", unit="percent", namespace="AWS/RDS")}


def cpu(points: dict[str, float], **more: object) -> FrameFacts:
    """A database's CPU as given."""
    return facts_of({"cpu": CPU}, **{"metrics": METRICS, "series": {"cpu": points}, **more})


def test_full_since_when_it_left_its_normal_and_when_it_was_reached():
    """30 percent, from 10:20 on 60, from 10:40 on 96."""
    [finding] = found(cpu(course({"10:20:00": 60, "10:40:00": 96}, usual=30)), "saturation")
    assert (finding.severity, str(finding.first_seen)) == (Severity.MEDIUM, f"{DAY} 10:20:00+00:00")
    assert finding.statement.startswith(
        "Database CPU is full: up to 98% of its limit (100 percent) was used, 90% or more from"
        f" {DAY} 10:40 to 10:59 UTC; 20 min in all; in the baseline 30% on average and at most 31%"
    )
    assert "it left its normal at 10:20 and was full from 10:40" in finding.statement


def test_a_climb_begins_where_it_left_its_normal():
    """3 percent more a minute from 10:20 on."""
    climb = {f"10:{n:02d}:00": 30 + (n - 20) * 3.0 for n in range(20, 44)}
    [finding] = found(cpu(course(climb, usual=30)), "saturation")
    assert "10:21" <= f"{finding.first_seen:%H:%M}" <= "10:22"
    assert "was full from 10:41 (gradual, stronger from" in finding.statement


def test_five_minute_points_are_enough():
    """Three of twelve points."""
    [finding] = found(cpu(course({"10:45:00": 96}, usual=30, every=5)), "saturation")
    assert (finding.severity, str(finding.first_seen)) == (Severity.MEDIUM, f"{DAY} 10:45:00+00:00")


def test_as_full_in_the_baseline_is_low():
    """It is said."""
    [finding] = found(cpu(course(usual=95)), "saturation")
    assert (finding.severity, "it was about as full in the baseline" in finding.statement) == (Severity.LOW, True)


def test_an_alert_on_what_is_used_gives_its_severity():
    """In the metric's own unit: 90 percent, not 0.9."""
    alert = {"title": "High CPU", "severity": "P1", "metric": "cpu", "above": 90, "for_s": 300, "steps": ["Look"]}
    [finding] = found(cpu(course({"10:40:00": 96}, usual=30), more={"alerts": {"cpu": alert}}), "saturation")
    assert (finding.severity, finding.next_step) == (Severity.CRITICAL, "")


def test_a_sum_is_held_against_a_limit_a_second():
    """6,600 units a minute are 110 a second, of 100 provisioned; which holds until another limit is sent."""
    metrics = {"reads": metric(unit="units"), "provisioned": metric("P", statistic="Average", unit="units")}
    series = {"reads": course({"10:40:00": 6600}, usual=3000), "provisioned": {"09:00:00": 100.0}}
    entry = {"title": "Reads", "used": "reads", "limit": "provisioned"}
    [finding] = found(facts_of({"reads": entry}, metrics=metrics, series=series), "saturation")
    assert (round(finding.observed, 2), "(100 units a second)" in finding.statement) == (1.12, True)


def test_a_limit_that_was_lowered_makes_it_full():
    """Nothing more is used; the course of the share counts."""
    metrics = {name: metric(name, statistic="Average", unit="") for name in ("used", "limit")}
    series = {"used": course(usual=50), "limit": {"09:00:00": 100.0, "10:00:00": 100.0, "10:30:00": 51.0}}
    [finding] = found(
        facts_of({"x": {"title": "X", "used": "used", "limit": "limit"}}, metrics=metrics, series=series), "saturation"
    )
    assert (finding.severity, str(finding.first_seen)) == (Severity.MEDIUM, f"{DAY} 10:30:00+00:00")


def test_room_left_is_clear_and_no_points_are_not():
    """A limit without points, or none declared, is said."""
    assert cpu(course(usual=50)).result("saturation").status is Verdict.CLEAR
    assert cpu({}).result("saturation").reason == "found nothing, but Database CPU: no points of cpu"


def test_what_has_no_limit_is_never_full_and_said_beside_findings():
    """An on-demand table: its use is shown, and judged by nothing."""
    capacity = {"cpu": CPU, "x": {"title": "X", "used": "cpu"}}
    facts = facts_of(capacity, metrics=METRICS, series={"cpu": course({"10:40:00": 96}, usual=30)})
    result = facts.result("saturation")
    assert [finding.subject for finding in result.findings] == [{"capacity": "cpu"}]
    assert result.reason == "X: no limit of cpu is declared"


def test_five_minutes_at_one_point_are_enough():
    """A point that is over so long is no burst; a single one of a minute is."""
    metrics = {"cpu": {**METRICS["cpu"], "period_s": 300}}
    points = course({"10:30:00": 99, "10:35:00": 30}, usual=30, every=5)
    [finding] = found(cpu(points, metrics=metrics), "saturation")
    assert "from 2026-03-04 10:30 to 10:30 UTC; 5 min in all" in finding.statement
    assert found(cpu(course({"10:30:00": 99, "10:31:00": 30}, usual=30)), "saturation") == []


def test_full_again_and_again_is_full():
    """Every second minute for an hour."""
    [finding] = found(cpu({clock_of(n): 99.0 if n >= 60 and n % 2 else 10.0 for n in range(120)}), "saturation")
    assert (finding.severity, "; 30 min in all" in finding.statement) == (Severity.MEDIUM, True)


def test_minutes_are_those_that_points_tell_of():
    """Points ten minutes apart, each over one minute: six are known to be full, sixty may be."""
    [finding] = found(cpu(course({"10:00:00": 99}, usual=20, every=10)), "saturation")
    assert "; 6 to 60 min in all" in finding.statement


def test_sparse_sums_may_be_full_within_their_period():
    """6,000 in one of five minutes, 100 a second provisioned: full, or a fifth, which the points do not tell."""
    metrics = {"reads": metric(unit="units")}
    entry = {"title": "Reads", "used": "reads", "most": 100}
    series = {"reads": {clock_of(n): 6000.0 if n >= 60 else 600.0 for n in range(0, 120, 5)}}
    result = facts_of({"reads": entry}, metrics=metrics, series=series).result("saturation")
    assert (result.status, "set period_s" in result.reason) == (Verdict.NOT_CHECKED, True)
    series["reads"] |= {"10:31:00": 6000.0}
    [finding] = found(facts_of({"reads": entry}, metrics=metrics, series=series), "saturation")
    assert finding.observed == 1.0


@pytest.mark.parametrize(("unit", "status"), [("ratio", Verdict.FOUND), ("percent", Verdict.NOT_CHECKED)])
def test_a_ratio_is_not_held_against_a_hundred_percent(unit: str, status: Verdict):
    """It is converted where the unit says so; points of 0.99 percent that may be ratios are said to be doubtful."""
    metrics = {"cpu": {**METRICS["cpu"], "unit": unit}}
    assert cpu(course({"10:30:00": 0.97}, usual=0.3), metrics=metrics).result("saturation").status is status


def test_a_gap_in_the_points_is_not_clear():
    """Nobody knows how full it was from 10:20 to 10:50."""
    points = {clock: value for clock, value in course(usual=30).items() if not "10:20" < clock[:5] < "10:50"}
    result = cpu(points).result("saturation")
    words = f"no points of cpu from {DAY} 10:20 UTC to {DAY} 10:50 UTC"
    assert (result.status, words in result.reason) == (Verdict.NOT_CHECKED, True)
