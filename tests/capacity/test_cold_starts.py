"""Whether more environments start anew."""

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
    assert finding.statement.startswith(f"Worker: 42 events of cold starts from {DAY} 10:20 to 10:59 UTC (")
    assert "17.5% of 240 invocations (2.5% in the baseline: 6 of 240)" in finding.statement
    assert "; a start takes 800 ms (median of Init Duration, 800 ms in the baseline), 140 ms" in finding.statement


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
