"""What ran into its time limit."""

import json

from builders import DAY
from capacity_case import FrameFacts, clock_of, course, event, facts_of, found, invoked, metric

from ddms_ops.findings import Severity, Verdict

WORKER = {
    "title": "Worker", "components": ["backend"], "timeouts": ["Task timed out"], "duration": "longest",
    "timeout_ms": 30_000,
}  # fmt: skip
METRICS = {"longest": metric("Duration", statistic="Maximum", namespace="AWS/Lambda", unit="ms")}
USUAL = [invoked(clock_of(n // 4, n % 4 * 15)) for n in range(480)]


def late(first: int, last: int, *, every: int = 1) -> list[dict]:
    """Invocations that timed out in some minutes from 09:00."""
    return [
        event(clock_of(n, 5), "Task timed out after 30.00 seconds", request_id=f"l{n}")
        for n in range(first, last, every)
    ]


def worker(lines: list[dict], longest: dict[str, float] | None = None, **more: object) -> FrameFacts:
    """A function with events and durations as given."""
    series = {"longest": course(usual=900) if longest is None else longest}
    return facts_of({"worker": WORKER}, metrics=METRICS, series=series, lines=[*USUAL, *lines], **more)


def test_timeouts_by_share_since_when_and_how_the_duration_went():
    """20 of 80 invocations since 10:40; the duration jumped."""
    [finding] = found(worker(late(100, 120), course({"10:40:00": 29_900}, usual=900)), "timeouts")
    assert (finding.severity, str(finding.first_seen)) == (Severity.HIGH, f"{DAY} 10:40:05+00:00")
    assert "20 events of timeouts" in finding.statement
    assert "25.3% of the invocations since then (0 of 240 invocations in the baseline)" in finding.statement
    assert "it jumped from 10:40 (900 ms expected); component backend (20)" in finding.statement


def test_durations_that_grew_before_are_told_as_gradual():
    """From 0.9 s to the limit over forty minutes."""
    climb = {f"10:{n:02d}:00": 900 + (n - 10) * 730 for n in range(10, 51)}
    [finding] = found(worker(late(110, 120), course(climb, usual=900)), "timeouts")
    assert "it grew gradually from 10:1" in finding.statement


def test_timeouts_as_before_are_no_finding():
    """As large a share of what was run."""
    assert found(worker(late(0, 120, every=4)), "timeouts") == []


def test_a_few_timeouts_are_low():
    """Under `triage.min_events`."""
    [finding] = found(worker(late(100, 105)), "timeouts")
    assert finding.severity is Severity.LOW


def test_durations_near_the_limit_without_a_timeout():
    """28 of 30 s for half an hour; it begins where the duration left its normal."""
    [finding] = found(worker([], course({"10:30:00": 28_000}, usual=900)), "timeouts")
    assert (finding.severity, str(finding.first_seen)) == (Severity.MEDIUM, f"{DAY} 10:30:00+00:00")
    assert "reached 28,560 ms of 30,000 ms allowed (95%)" in finding.statement


def test_durations_always_near_the_limit_are_low():
    """As near in the baseline."""
    [finding] = found(worker([], course(usual=28_000)), "timeouts")
    assert (finding.severity, "as near in the baseline" in finding.statement) == (Severity.LOW, True)


def test_none_is_clear_and_no_events_are_not():
    """Without events of its components nobody can tell."""
    assert worker([]).result("timeouts").status is Verdict.CLEAR
    facts = facts_of({"worker": WORKER}, metrics=METRICS, series={"longest": course(usual=900)})
    assert "no log events of /aws/lambda/shop-backend" in facts.result("timeouts").reason


def test_texts_without_components_are_said():
    """Nothing is skipped silently."""
    facts = facts_of({"worker": {**WORKER, "components": []}}, metrics=METRICS, series={"longest": course(usual=900)})
    assert "Worker: timeouts are declared, but no components" in facts.result("timeouts").reason


def test_a_function_that_is_not_called_at_the_end_is_no_lack():
    """Durations have points only while it runs; those of a service that always runs would be missed."""
    once = {"10:00:00": 900.0, "10:01:00": 900.0}
    assert worker([], once).result("timeouts").status is Verdict.CLEAR


def test_two_lines_of_one_invocation_are_one_timeout():
    """Lambda's line and its REPORT tell of the same; a second try of the same request is another."""
    lines = [
        event(clock_of(n, second), text, request_id=f"l{n}")
        for n in range(100, 120)
        for second in (5, 25)
        for text in ("Task timed out after 30 seconds", f"REPORT RequestId: l{n}\tDuration: 30000 ms\tStatus: timeout")
    ]
    both = {**WORKER, "timeouts": ["Task timed out", "Status: timeout"]}
    series = {"longest": course(usual=900)}
    [finding] = found(facts_of({"worker": both}, metrics=METRICS, series=series, lines=[*USUAL, *lines]), "timeouts")
    assert finding.statement.startswith(f"Worker: 40 events of timeouts from {DAY} 10:40")


def test_timeouts_of_functions_that_log_as_json():
    """The status of a report, where the profile names the plain text."""
    records = [
        {"requestId": f"r{n}", "status": "timeout" if n > 99 else "success", "metrics": {"durationMs": 9}}
        for n in range(120)
    ]
    lines = [event(clock_of(n), json.dumps({"type": "platform.report", "record": r})) for n, r in enumerate(records)]
    series = {"longest": course(usual=900)}
    [finding] = found(facts_of({"worker": WORKER}, metrics=METRICS, series=series, lines=lines), "timeouts")
    assert "20 events of timeouts" in finding.statement
    assert "100.0% of the invocations since then (0 of 60 invocations in the baseline)" in finding.statement


def test_a_duration_in_seconds_is_held_against_ms_and_its_statistic_is_said():
    """29 s of 30,000 ms; a percentile hides the longest."""
    metrics = {"longest": {**METRICS["longest"], "unit": "s", "statistic": "p95"}}
    series = {"longest": course({"10:30:00": 29}, usual=3)}
    facts = facts_of({"worker": WORKER}, metrics=metrics, series=series, lines=USUAL)
    [finding] = found(facts, "timeouts")
    assert "longest (p95, the longest took more) reached 29,580 ms of 30,000 ms allowed" in finding.statement
