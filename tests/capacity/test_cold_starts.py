"""Whether more environments start anew."""

import json

from builders import DAY
from capacity_case import FrameFacts, clock_of, event, facts_of, found, invoked

from ddms_ops.findings import Severity, Verdict

WORKER = {"title": "Worker", "components": ["backend"], "cold_starts": ["INIT_START", "Init Duration"]}


def starts(*, first: int = 120, every: int = 40) -> FrameFacts:
    """Four invocations a minute, every so many cold: one in 40 before a minute from 09:00, as said from it on."""
    lines = []
    for n in range(480):
        is_cold = n % (every if n // 4 >= first else 40) == 0
        clock = clock_of(n // 4, n % 4 * 15)
        lines += [event(clock, "INIT_START Runtime Version: nodejs:18")] if is_cold else []
        lines.append(invoked(clock, init=800 if is_cold else None))
    return facts_of({"worker": WORKER}, lines=lines)


def test_more_cold_starts_since_when_and_what_they_add():
    """Each start is counted once, though two texts tell of it."""
    [finding] = found(starts(first=80, every=4), "cold_starts")
    assert (finding.severity, str(finding.first_seen)) == (Severity.MEDIUM, f"{DAY} 10:20:00+00:00")
    assert finding.statement.startswith(f"Worker: 40 events of cold starts from {DAY} 10:20 to 10:59 UTC (")
    assert "25.0% of 160 invocations since then (2.5% in the baseline: 6 of 240)" in finding.statement
    assert "; a start takes 800 ms (median of Init Duration, 800 ms in the baseline), 200 ms" in finding.statement


def test_as_many_cold_starts_as_before_are_clear():
    """One in forty in both."""
    assert starts().result("cold_starts").status is Verdict.CLEAR


def test_more_traffic_with_as_large_a_share_is_no_finding():
    """A busy hour starts more environments: the share counts."""
    lines = [invoked(clock_of(n, 1), init=800 if n % 6 == 0 else None) for n in range(60)]
    lines += [invoked(clock_of(60 + n // 8, n % 8 * 7), init=800 if n % 6 == 0 else None) for n in range(480)]
    assert found(facts_of({"worker": WORKER}, lines=lines), "cold_starts") == []


def test_a_few_are_low():
    """Under `triage.min_events`."""
    lines = [invoked(clock_of(n), init=500 if n > 114 else None) for n in range(120)]
    [finding] = found(facts_of({"worker": WORKER}, lines=lines), "cold_starts")
    assert finding.severity is Severity.LOW


def test_starts_of_functions_that_log_as_json():
    """What each adds is the sum over all that ran: ten of thirty starts, of 300 and 600 ms."""

    def ended(minute: int, init: int) -> dict:
        measured = {"durationMs": 9, **({"initDurationMs": init} if init else {})}
        record = {"requestId": f"r{minute}", "metrics": measured, "status": "success"}
        return event(clock_of(minute), json.dumps({"type": "platform.report", "record": record}))

    lines = [ended(n, 0 if n < 90 or n % 3 else 300 if n % 2 else 600) for n in range(120)]
    [finding] = found(facts_of({"worker": WORKER}, lines=lines), "cold_starts")
    assert (finding.severity, round(finding.observed, 2)) == (Severity.MEDIUM, 0.33)
    assert "150 ms for each piece of work on average" in finding.statement


def test_a_deployment_that_is_over_is_low():
    """Forty starts in a minute, of all that was run in the window."""
    lines = [
        invoked(clock_of(n, s), init=500 if n == 80 and s < 40 else None) for n in range(120) for s in range(0, 60, 2)
    ]
    [finding] = found(facts_of({"worker": WORKER}, lines=lines), "cold_starts")
    assert (finding.severity, "1.1% of 1,800 invocations (" in finding.statement) == (Severity.LOW, True)
